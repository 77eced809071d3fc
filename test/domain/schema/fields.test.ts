import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { checkClosedDocument, checkDocument, findUnknownKeys } from "../../../src/domain/schema/check-document.js";
import { discriminatedUnion } from "../../../src/domain/schema/discriminated-union.js";
import {
  described,
  lazySchema,
  optional,
  rule,
  stringUpTo,
  typeUnion,
  wholeNumber,
} from "../../../src/domain/schema/fields.js";

function collectFindings(schema: z.ZodMiniType, value: unknown, check: typeof checkDocument = checkDocument): string[] {
  const faults: string[] = [];
  check(schema, value, (path, message) => faults.push(`${path.join(".")} ${message}`.trim()));
  return faults;
}

describe("wholeNumber", () => {
  it.each<[unknown, string[]]>([
    [1, []],
    [30, []],
    [0, ["must be a whole number from 1 to 30, found 0"]],
    [1e300, ["must be a whole number from 1 to 30, found 1e+300"]],
    [1.5, ["must be a whole number from 1 to 30, found 1.5"]],
    ["1", ["must be a whole number from 1 to 30, found a string"]],
    [undefined, ["is required (a whole number from 1 to 30)"]],
  ])("reports %j as %j", (value, faults) => {
    expect(collectFindings(wholeNumber(1, 30), value)).toEqual(faults);
  });

  it("names only the lower bound if there is no upper one", () => {
    expect(collectFindings(wholeNumber(0), -1)).toEqual(["must be a whole number of at least 0, found -1"]);
  });
});

describe("stringUpTo", () => {
  it("F-008 counts UTF-16 code units", () => {
    expect(collectFindings(stringUpTo(4), "😀😀")).toEqual([]);
    expect(collectFindings(stringUpTo(4), "😀😀a")).toEqual(["must be at most 4 characters"]);
    expect(collectFindings(stringUpTo(4), 7)).toEqual(["must be a string, found a number"]);
  });
});

describe("typeUnion", () => {
  it("names the types in one sentence", () => {
    const schema = z.strictObject({ width: typeUnion("a length such as 50%", [z.string(), z.number()]) });
    expect(collectFindings(schema, { width: "50%" })).toEqual([]);
    expect(collectFindings(schema, { width: [] })).toEqual(["width must be a length such as 50%, found a list"]);
    expect(collectFindings(schema, {})).toEqual(["width is required (a length such as 50%)"]);
  });
});

describe("lazySchema", () => {
  it("builds a schema when the first value needs it", () => {
    let built = 0;
    const section = lazySchema(() => {
      built++;
      return z.strictObject({ url: z.string() });
    });
    const schema = z.strictObject({ fetch: described(optional(section), "What may be requested.") });
    expect([collectFindings(schema, {}), collectFindings(schema, { fetch: null }), built]).toEqual([[], [], 0]);
    expect(collectFindings(schema, { fetch: { url: 1 } })).toEqual(["fetch.url must be a string, found a number"]);
    expect([collectFindings(schema, { fetch: { url: "a" } }), built]).toEqual([[], 1]);
    expect(z.toJSONSchema(schema)).toMatchObject({
      properties: {
        fetch: { description: "What may be requested.", anyOf: [{ required: ["url"] }, { type: "null" }] },
      },
    });
  });
});

describe("rule", () => {
  const schema = z
    .strictObject({ from: z.number(), until: z.number(), note: optional(z.string()) })
    .check(rule(({ from, until }, fault) => Number(from) > Number(until) && fault(["until"], "must be after from")));

  it("runs next to errors and unknown keys of the same object", () => {
    const faults = collectFindings(schema, { from: 2, until: 1, note: 7, nots: "x" });
    expect(faults).toEqual(["note must be a string, found a number", "until must be after from"]);
  });

  it("does not run on other values", () => {
    expect(collectFindings(schema, [])).toEqual(["must be an object, found a list"]);
  });
});

describe("discriminatedUnion", () => {
  const schema = z.array(
    discriminatedUnion("type", {
      text: () => z.strictObject({ type: z.literal("text"), max_length: z.number() }),
      image: () => z.strictObject({ type: z.literal("image"), url: z.string() }),
    }),
  );

  it("reports the errors of the member that the key names", () => {
    const value = [{ type: "text", max_length: "1" }, { type: "image" }];
    expect(collectFindings(schema, value)).toEqual([
      "0.max_length must be a number, found a string",
      "1.url is required (a string)",
    ]);
  });

  it.each<[unknown, string]>([
    [{ type: "imgae" }, '0.type must be "text" or "image", found "imgae"; did you mean "image"?'],
    [{ type: "toString" }, '0.type must be "text" or "image", found "toString"'],
    [{}, '0.type is required: "text" or "image"'],
    ["text", "0 must be an object, found a string"],
  ])("reports %j as %j", (value, fault) => {
    expect(collectFindings(schema, [value])).toEqual([fault]);
  });

  it("reports unknown keys of the member", () => {
    expect(findUnknownKeys(schema, [{ type: "image", url: "", ulr: "" }])).toEqual([
      { path: [0, "ulr"], message: 'unknown key "ulr"; did you mean "url"?' },
    ]);
  });
});

describe("checkClosedDocument", () => {
  it("reports every unknown key as an error", () => {
    const schema = z.strictObject({ name: z.string() });
    expect(collectFindings(schema, { name: "x", nmae: null, "name@": "x", __x: 1 }, checkClosedDocument)).toEqual([
      'nmae unknown key "nmae"; did you mean "name"?',
      'name@ unknown key "name@"; did you mean "name"?',
      '__x unknown key "__x"; valid keys are name',
    ]);
  });
});
