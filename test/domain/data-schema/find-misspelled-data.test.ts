import { describe, expect, it } from "vitest";
import { findMisspelledData } from "../../../src/domain/data-schema/find-misspelled-data.js";

const SCHEMA = {
  type: "object",
  properties: { from: { type: "string" }, page: {}, order: { type: "object", properties: { total: {} } } },
};
const describeKey = (path: string, name: string): string =>
  `${path} is not in trigger_data_json_schema; did you mean "${name}"?`;

describe("likely misspelled keys of trigger data", () => {
  it.each([
    [{ form: "Ada" }, [describeKey("data.form", "from")]],
    [{ pge: 1, form: 1 }, [describeKey("data.pge", "page"), describeKey("data.form", "from")]],
    [{ order: { totl: 1 } }, [describeKey("data.order.totl", "total")]],
    // A declared property is not missing, and other names may be intended.
    [{ from: "Ada", form: "A-1" }, []],
    [{ other: 1, from: "Ada" }, []],
    [{}, []],
  ])("are found in %j", (data, expected) => {
    expect(findMisspelledData(SCHEMA, data)).toEqual(expected);
  });

  it("are unknown without declared properties, or with patterns of names", () => {
    expect(findMisspelledData(null, { form: 1 })).toEqual([]);
    expect(findMisspelledData({ type: "object" }, { form: 1 })).toEqual([]);
    expect(findMisspelledData({ ...SCHEMA, patternProperties: { "^f": {} } }, { form: 1 })).toEqual([]);
  });
});
