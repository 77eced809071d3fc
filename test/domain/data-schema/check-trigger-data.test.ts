import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkTriggerData } from "../../../src/domain/data-schema/check-trigger-data.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails, hasParent } from "../../helpers/catch-error.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";
import { arbitraryJson } from "../../helpers/json-arbitraries.js";

const DRAFT_7 = "http://json-schema.org/draft-07/schema#";
const DRAFT_4 = "http://json-schema.org/draft-04/schema#";

/** The schema is parsed from text, because the linter takes an object with a property `then` for a promise. */
const THEN_ELSE = JSON.parse('{"then":{"required":["b"]},"else":{"required":["c"]}}') as JsonObject;

const check = (schema: JsonObject, data: JsonObject): void =>
  checkTriggerData({ key: "order", trigger_data_json_schema: schema }, data);
const faults = (schema: JsonObject, data: JsonObject): string[] =>
  formatDetails(catchThrown(() => check(schema, data)));
/** Returns a schema of the property `a`. */
const a = (schema: JsonObject): JsonObject => ({ properties: { a: schema } });

describe("checkTriggerData (E-030, E-031)", () => {
  it("accepts any data for a workflow without a schema", () => {
    expect(() => checkTriggerData({ key: "w", trigger_data_json_schema: null }, { any: 1 })).not.toThrow();
    expect(() => check({}, { any: 1 })).not.toThrow();
  });

  it.each<[string, JsonObject, JsonObject, string]>([
    [
      "missing ones",
      { required: ["a", "b"], properties: { c: { required: ["d"] } } },
      { c: {} },
      "Add --set a=… --set b=… --set c.d=… (or :=… for JSON) to set the missing data. The workflow's",
    ],
    [
      "missing ones of known types",
      { required: ["a", "b"], properties: { a: { type: "string" }, b: { type: "integer" } } },
      {},
      "Add --set a=… --set b:=… to set the missing data. The workflow's",
    ],
    [
      "a misspelled one that needs JSON",
      { required: ["page_id"], properties: { page_id: { type: "integer" } }, additionalProperties: false },
      { pageId: "5" },
      'Rename "pageId" to "page_id": --set page_id:=5',
    ],
    [
      "a misspelled text",
      { required: ["page_id"], properties: { page_id: { type: "string" } } },
      { pageId: "5" },
      'Rename "pageId" to "page_id": --set page_id=5',
    ],
    [
      "a misspelled one with a value of another type",
      { required: ["page_id"], properties: { page_id: { type: "integer" } } },
      { pageId: "five" },
      'Rename "pageId" to "page_id".',
    ],
    ["a name that no path has", { required: ["a b"] }, {}, "The workflow's trigger_data_json_schema"],
    ["a wrong one", a({ type: "string" }), { a: 7 }, "The workflow's trigger_data_json_schema"],
  ])("hints how to pass %s", (_what, schema, data, hint) => {
    expect((catchThrown(() => check(schema, data)) as KnockError).hint?.startsWith(hint)).toBe(true);
  });

  it.each<[string, JsonObject, JsonObject, string[]]>([
    ["C-006 a type", a({ type: "string" }), { a: 7 }, ["/data/a must be string, found 7"]],
    ["several types", a({ type: ["string", "null"] }), { a: 7 }, ["/data/a must be string or null, found 7"]],
    ["a whole number", a({ type: "integer" }), { a: 1.5 }, ["/data/a must be integer, found 1.5"]],
    ["required", { required: ["a", "b"] }, {}, ["/data/a is required", "/data/b is required"]],
    [
      "required, with what was meant",
      { properties: { order_id: {} }, required: ["order_id"] },
      { orderid: 1 },
      ['/data/order_id is required, but the data has "orderid"; did you mean "order_id"?'],
    ],
    ["enum", a({ enum: ["x", 1, null] }), { a: "y" }, ['/data/a must be one of ["x",1,null], found "y"']],
    ["const", a({ const: { k: 1 } }), { a: { k: 2 } }, ['/data/a must be {"k":1}, found {"k":2}']],
    ["pattern", a({ pattern: "^ord_\\d+$" }), { a: "ord_x" }, ['/data/a must match ^ord_\\d+$, found "ord_x"']],
    ["minimum", a({ minimum: 1 }), { a: 0 }, ["/data/a violates minimum 1, found 0"]],
    ["exclusiveMaximum", a({ exclusiveMaximum: 1 }), { a: 1 }, ["/data/a violates exclusiveMaximum 1, found 1"]],
    ["multipleOf", a({ multipleOf: 0.1 }), { a: 0.25 }, ["/data/a violates multipleOf 0.1, found 0.25"]],
    ["minLength", a({ minLength: 2 }), { a: "x" }, ['/data/a violates minLength 2, found "x"']],
    ["minItems", a({ minItems: 1 }), { a: [] }, ["/data/a violates minItems 1, found []"]],
    ["uniqueItems", a({ uniqueItems: true }), { a: [1, 1] }, ["/data/a must not contain the same item twice"]],
    ["items", a({ items: { type: "string" } }), { a: ["x", 1] }, ["/data/a/1 must be string, found 1"]],
    ["prefixItems", a({ prefixItems: [{ type: "string" }] }), { a: [1] }, ["/data/a/0 must be string, found 1"]],
    [
      "deep down",
      a({ items: a({ items: a({ type: "boolean" }) }) }),
      { a: [{ a: [{ a: 0 }] }] },
      ["/data/a/0/a/0/a must be boolean, found 0"],
    ],
    [
      "additionalProperties false",
      { properties: { page: {} }, additionalProperties: false },
      { pgae: 1, zzz: 2 },
      ['/data/pgae is not a known property; did you mean "page"?', "/data/zzz is not a known property"],
    ],
    [
      "additionalProperties a schema",
      { properties: { page: {} }, additionalProperties: { type: "string" } },
      { other: 1 },
      ["/data/other must be string, found 1"],
    ],
    [
      "unevaluatedProperties",
      { allOf: [a({})], properties: { page: {} }, unevaluatedProperties: false },
      { a: 1, pge: 2 },
      ['/data/pge is not a known property; did you mean "page"?'],
    ],
    ["a property that may not be", a(false as unknown as JsonObject), { a: 1 }, ["/data/a is not allowed"]],
    [
      "patternProperties",
      { patternProperties: { "^x_": { type: "number" } } },
      { x_a: "1" },
      ['/data/x_a must be number, found "1"'],
    ],
    [
      "propertyNames",
      { propertyNames: { pattern: "^[a-z]+$" } },
      { A1: 1 },
      ['/data Property name "A1" does not match schema'],
    ],
    [
      "dependentRequired",
      { dependentRequired: { a: ["b"] } },
      { a: 1 },
      ['/data Instance has "a" but does not have "b"'],
    ],
    [
      "contains",
      a({ contains: { const: 1 } }),
      { a: [2] },
      expect.arrayContaining(["/data/a must contain an item that matches the schema of contains"]),
    ],
    ["not", a({ not: { type: "string" } }), { a: "x" }, ["/data/a must not match the schema of not"]],
    [
      "allOf",
      a({ allOf: [{ type: "string" }, { minLength: 3 }] }),
      { a: "x" },
      ['/data/a violates minLength 3, found "x"'],
    ],
    [
      "anyOf",
      a({ anyOf: [{ type: "string" }, { type: "boolean" }] }),
      { a: 1 },
      [
        "/data/a must match at least one schema of anyOf",
        "/data/a must be string, found 1",
        "/data/a must be boolean, found 1",
      ],
    ],
    [
      "oneOf, twice",
      a({ oneOf: [{ type: "number" }, { minimum: 0 }] }),
      { a: 1 },
      ["/data/a must match exactly one schema of oneOf (2 matches)"],
    ],
    ["if, then", { if: a({ const: "x" }), ...THEN_ELSE }, { a: "x" }, ["/data/b is required"]],
    ["if, else", { if: { ...a({ const: "x" }), required: ["a"] }, ...THEN_ELSE }, {}, ["/data/c is required"]],
    [
      "$defs",
      { $defs: { id: { type: "string", minLength: 3 } }, ...a({ $ref: "#/$defs/id" }) },
      { a: "x" },
      ['/data/a violates minLength 3, found "x"'],
    ],
    [
      "a reference from a reference",
      { $defs: { x: { $ref: "#/$defs/y~1z" }, "y/z": { type: "string" } }, ...a({ $ref: "#/$defs/x" }) },
      { a: 1 },
      ["/data/a must be string, found 1"],
    ],
    [
      "an anchor",
      { $defs: { id: { $anchor: "id", type: "string" } }, ...a({ $ref: "#id" }) },
      { a: 1 },
      ["/data/a must be string, found 1"],
    ],
    [
      "draft 7 definitions",
      { $schema: DRAFT_7, definitions: { id: { type: "string" } }, ...a({ $ref: "#/definitions/id" }) },
      { a: 1 },
      ["/data/a must be string, found 1"],
    ],
    [
      "draft 7 lists",
      { $schema: DRAFT_7, ...a({ items: [{ type: "string" }], additionalItems: false }) },
      { a: ["x", 1] },
      ["/data/a/1 is not allowed"],
    ],
    [
      "draft 4 bounds",
      { $schema: DRAFT_4, ...a({ minimum: 1, exclusiveMinimum: true }) },
      { a: 1 },
      [expect.stringMatching(/^\/data\/a .*found 1$/)],
    ],
  ])("reports %s", (_keyword, schema, data, expected) => {
    expect(faults(schema, data)).toEqual(expected);
  });

  it.each<[string, string[], string[]]>([
    ["email", ["a@b.example", "first.last+tag@sub.example.com"], ["a", "a@", "@b.example", "a b@c.example"]],
    [
      "date-time",
      ["2025-06-04T10:00:00Z", "2025-06-04T10:00:00.123+02:00"],
      ["2025-06-04", "2025-13-01T00:00:00Z", "now", "2025-06-04T10:00:00"],
    ],
    ["date", ["2024-02-29"], ["2025-02-29", "2025-2-1", "04.06.2025"]],
    ["uri", ["https://a.example/b?c=d#e", "mailto:a@b.example"], ["/relative", "a b", "example.com"]],
    ["uuid", ["2ed6657d-e927-568b-95e1-2665a8aea6a2"], ["2ed6657d", "sendgrid"]],
    ["ipv4", ["10.0.0.1"], ["10.0.0.256", "10.0.0", "::1"]],
  ])("checks the format %s, in 2020-12 and draft 7", (format, good, bad) => {
    for (const $schema of ["https://json-schema.org/draft/2020-12/schema", DRAFT_7]) {
      for (const value of good) expect(() => check({ $schema, ...a({ format }) }, { a: value })).not.toThrow();
      for (const value of bad)
        expect(faults({ $schema, ...a({ format }) }, { a: value })).toEqual([
          `/data/a must be a valid ${format}, found "${value}"`,
        ]);
    }
  });

  it("uses JSON pointers, in which only ~ and / are encoded", () => {
    const name = 'größe "x"/~ %20';
    const pointer = '/data/größe "x"~1~0 %20';
    expect(faults({ properties: { [name]: { type: "string" } } }, { [name]: 1 })).toEqual([
      `${pointer} must be string, found 1`,
    ]);
    expect(faults({ required: [name] }, {})).toEqual([`${pointer} is required`]);
    expect(faults({ additionalProperties: false }, { [name]: 1 })).toEqual([`${pointer} is not a known property`]);
  });

  it("handles the property names that every object has", () => {
    expect(() => check({ properties: { constructor: { type: "string" } } }, {})).not.toThrow();
    expect(faults({ required: ["toString"] }, {})).toEqual(["/data/toString is required"]);
    expect(faults({ additionalProperties: false }, { constructor: 1 })).toEqual([
      "/data/constructor is not a known property",
    ]);
  });

  it("reports the number of errors, truncates long values, and is invalid_params with exit code 2", () => {
    const error = catchThrown(() => check({ ...a({ type: "string" }), required: ["b"] }, { a: ["x".repeat(500)] }));
    expect(error.code).toBe("invalid_params");
    expect(error.message).toMatch(/^the data does not fit workflow "order": data\.b is required \(and 1 more\)$/);
    expect(error.details[1]?.message.length).toBeLessThan(100);
  });

  it.each<[string, JsonObject, string]>([
    ["a pattern that is none", a({ pattern: "(" }), "Invalid regular expression"],
    ["a reference to nothing", a({ $ref: "#/$defs/none" }), 'Unresolved $ref "#/$defs/none".'],
    ["a reference to itself", { $ref: "#" }, "its references form an infinite loop"],
    ["required that is a number", { required: 5 }, "iterable"],
  ])("E-030 reports %s as an error of the workflow, not of the data", (_what, schema, words) => {
    const error = catchThrown(() => check(schema, { a: "1" }));
    expect(error.code).toBe("workflow_invalid");
    expect(error.message).toContain(words);
    expect(error.message).not.toContain("\n");
    expect(error.details[0]?.pointer).toBe("/trigger_data_json_schema");
  });

  it("reports an unpaired surrogate in a key as an error of the data, not of the workflow", () => {
    expect(catchThrown(() => check({ additionalProperties: { type: "string" } }, { "\ud800": 1 })).code).toBe(
      "invalid_params",
    );
  });

  it("changes neither the schema nor the data, and returns the same result again", () => {
    const schema = { ...a({ $ref: "#/$defs/x" }), $defs: { x: { type: "string" } }, required: ["b"] };
    const data = { a: 1 };
    const before = JSON.stringify([schema, data]);
    expect(faults(schema, data)).toEqual(faults(schema, data));
    expect(JSON.stringify([schema, data])).toBe(before);
  });

  it("throws only KnockErrors, for any schema and data", () => {
    const words = [
      "type",
      "properties",
      "items",
      "required",
      "enum",
      "anyOf",
      "$ref",
      "$defs",
      "additionalProperties",
      "$id",
    ];
    const object = arbitraryJson(...words, "a").filter(
      (value): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value),
    );
    fc.assert(
      fc.property(object, object, (schema, data) => {
        try {
          check(schema, data);
        } catch (error) {
          if (!(error instanceof KnockError)) throw error;
          if (error.code === "workflow_invalid") return;
          for (const { pointer } of error.details)
            expect([pointer, hasParent({ data }, pointer)]).toEqual([pointer, true]);
        }
      }),
      getPropertyRuns(10_000),
    );
  });
});
