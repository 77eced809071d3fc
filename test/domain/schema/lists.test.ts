import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { checkClosedDocument } from "../../../src/domain/schema/check-document.js";
import { boundedList, listOrSingle } from "../../../src/domain/schema/lists.js";

function collectFindings(schema: z.ZodMiniType, value: unknown): string[] {
  const faults: string[] = [];
  checkClosedDocument(schema, value, (path, message) => faults.push(`${path.join(".")} ${message}`.trim()));
  return faults;
}

const limits = { max: 3, noun: "ids", emptyMessage: "must have at least one id" };

describe("boundedList", () => {
  const schema = boundedList(z.string(), limits);

  it.each<[unknown, string[]]>([
    [["a", "b", "c"], []],
    [
      ["a", 1, null],
      ["1 must be a string, found a number", "2 must be a string, found null"],
    ],
    [[], ["must have at least one id"]],
    [[1, 2, 3, 4], ["must have at most 3 entries, found 4"]],
    ["a", ["must be a list of ids, found a string"]],
    [undefined, ["is required (a list of ids)"]],
    [null, ["is required (a list of ids)"]],
  ])("reports %j as %j", (value, faults) => {
    expect(collectFindings(schema, value)).toEqual(faults);
  });

  it("accepts an empty list unless an error for it is given", () => {
    expect(collectFindings(boundedList(z.string(), { max: 3, noun: "ids" }), [])).toEqual([]);
  });
});

describe("listOrSingle", () => {
  const schema = z.strictObject({ ids: listOrSingle("an id or a list of them", z.string(), limits) });

  it.each<[unknown, string[]]>([
    ["a", []],
    [["a"], []],
    [7, ["ids must be a string, found a number"]],
    [["a", 7], ["ids.1 must be a string, found a number"]],
    [[], ["ids must have at least one id"]],
    [null, ["ids is required (an id or a list of them)"]],
    [undefined, ["ids is required (an id or a list of them)"]],
  ])("reports %j as %j", (ids, faults) => {
    expect(collectFindings(schema, { ids })).toEqual(faults);
  });
});
