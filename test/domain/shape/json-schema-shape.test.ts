import { describe, expect, it } from "vitest";
import { jsonSchemaShape } from "../../../src/domain/shape/json-schema-shape.js";
import type { Json } from "../../../src/util/json.js";
import { pointerOf } from "../../../src/util/json.js";

function faults(schema: Json): string[] {
  const found: string[] = [];
  const ok = jsonSchemaShape(schema, [], (path, message) => found.push(`${pointerOf(path)} ${message}`));
  expect(ok).toBe(found.length === 0);
  return found;
}

describe("jsonSchemaShape", () => {
  it.each<[string, Json]>([
    ["nothing asked", {}],
    ["a type, and several", { type: "object", properties: { a: { type: ["string", "null"] } } }],
    ["true and false for schemas", { properties: { a: true }, additionalProperties: false, items: true }],
    ["keywords nobody knows", { "x-order": 1, title: 5, examples: "x", unknown: { type: "strng" } }],
    ["values that look like schemas", { default: { type: "strng" }, const: { type: 1 }, enum: [{ type: "strng" }] }],
    ["properties of keywords' names", { properties: { type: { type: "string" }, properties: {}, required: {} } }],
    ["draft 4 switches", { minimum: 1, exclusiveMinimum: true }],
    ["draft 7 lists", { items: [], additionalItems: {} }],
    ["references", { $ref: "#/$defs/a", $defs: { a: {} }, definitions: {} }],
  ])("takes %s", (_what, schema) => {
    expect(faults(schema)).toEqual([]);
  });

  it.each<[Json, string]>([
    [true, " must be an object"],
    [{ type: "strng" }, expect.stringMatching(/^\/type must be .*did you mean "string"\?$/)],
    [{ type: ["string", "any"] }, expect.stringMatching(/^\/type\/1 must be /)],
    [{ required: "name" }, "/required must be a list, found a string"],
    [{ required: [1] }, "/required/0 must be a string, found a number"],
    [{ properties: "x" }, "/properties must be an object of schemas"],
    [{ properties: { "a/b": 5 } }, "/properties/a~1b must be a schema: an object, true or false"],
    [{ items: "string" }, "/items must be a schema: an object, true or false"],
    [{ items: [{}, 5] }, "/items/1 must be a schema: an object, true or false"],
    [{ anyOf: {} }, "/anyOf must be a list of at least one schema"],
    [{ anyOf: [] }, "/anyOf must be a list of at least one schema"],
    [{ enum: "abc" }, "/enum must be a list of values"],
    [{ pattern: "(" }, '/pattern must be a regular expression, found "("'],
    [{ minLength: "3" }, "/minLength must be a number, found a string"],
    [
      { properties: { a: { not: { allOf: [{ type: 1 }] } } } },
      expect.stringMatching(/^\/properties\/a\/not\/allOf\/0\/type must be /),
    ],
    [{ $defs: { x: { if: 1 } } }, "/$defs/x/if must be a schema: an object, true or false"],
  ])("refuses %j", (schema, fault) => {
    expect(faults(schema)).toEqual([fault]);
  });
});
