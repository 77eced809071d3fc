import { describe, expect, it } from "vitest";
import { checkJsonSchema } from "../../../src/domain/schema/check-json-schema.js";
import type { Json } from "../../../src/util/json.js";
import { toPointer } from "../../../src/util/json.js";

function faults(schema: Json): string[] {
  const found: string[] = [];
  checkJsonSchema(schema, [], (path, message) => found.push(`${toPointer(path)} ${message}`));
  return found;
}

describe("checkJsonSchema", () => {
  it.each<[string, Json]>([
    ["nothing asked", {}],
    ["a type, and several", { type: "object", properties: { a: { type: ["string", "null"] } } }],
    ["true and false for schemas", { properties: { a: true }, additionalProperties: false, items: true }],
    ["keywords nobody knows", { "x-order": 1, title: 5, examples: "x", unknown: { type: "strng" } }],
    ["values that look like schemas", { default: { type: "strng" }, const: { type: 1 }, enum: [{ type: "strng" }] }],
    ["properties of keywords' names", { properties: { type: { type: "string" }, properties: {}, required: {} } }],
    ["draft 4 switches", { minimum: 1, exclusiveMinimum: true }],
    ["draft 7 lists", { items: [], additionalItems: {} }],
    ["patternProperties", { patternProperties: { "^x_(?=a)": { pattern: "" } } }],
    ["drafts", { $schema: "http://json-schema.org/draft-07/schema#", properties: { $ref: { type: "string" } } }],
    ["an id within the schema", { $defs: { a: { $id: "urn:a", type: "string" } }, $ref: "urn:a" }],
    [
      "anchors",
      { $defs: { a: { $anchor: "a" }, b: { $dynamicAnchor: "b" } }, allOf: [{ $ref: "#a" }, { $dynamicRef: "#b" }] },
    ],
    ["$recursiveRef", { $schema: "https://json-schema.org/draft/2019-09/schema", items: { $recursiveRef: "#" } }],
    ["references", { $ref: "#/$defs/a", $defs: { a: {} }, definitions: {} }],
  ])("accepts %s", (_what, schema) => {
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
    [{ pattern: "a".repeat(2_001) }, "/pattern must be at most 2000 characters, found 2001"],
    [{ patternProperties: { "(": {} } }, '/patternProperties/( must be a regular expression, found "("'],
    [
      { $defs: { name: {} }, properties: { a: { $ref: "#/$defs/nme" } } },
      '/properties/a/$ref refers to "#/$defs/nme", which is not in the schema; did you mean "#/$defs/name"?',
    ],
    [
      { items: { $ref: "https://example.com/order.json#/$defs/id" } },
      '/items/$ref refers to another document, "https://example.com/order.json#/$defs/id"; only references within the schema are supported',
    ],
    [{ $ref: "http://json-schema.org/draft-07/schema#" }, expect.stringMatching(/^\/\$ref refers to another document/)],
    [
      { $schema: "https://example.com/meta" },
      '/$schema must be the URI of a supported draft (2020-12, 2019-09, 7, 6 or 4), found "https://example.com/meta"',
    ],
    [
      { $defs: { a: { $schema: "http://json-schema.org/draft-04/schema#" } } },
      "/$defs/a/$schema must be the draft of the whole schema",
    ],
    [
      { $defs: { a: { $id: "urn:a", $dynamicRef: "#b" } }, $dynamicAnchor: "b" },
      '/$defs/a/$dynamicRef is unsupported in a schema with embedded "$id"s; use "$ref"',
    ],
    [
      { $defs: { a: { $id: "urn:a", $anchor: "x" }, b: { $anchor: "x" } } },
      '/$defs/b/$anchor "x" is already the name of another anchor',
    ],
    [{ items: { $dynamicRef: "#nosuch" } }, '/items/$dynamicRef refers to "#nosuch", which is not in the schema'],
    [
      { $defs: { a: {} }, items: { $ref: "#/$defs/a", $dynamicRef: "#nosuch" } },
      '/items/$dynamicRef refers to "#nosuch", which is not in the schema',
    ],
    [{ $recursiveRef: "#a" }, '/$recursiveRef must be "#", found "#a"'],
    [{ $anchor: "a", $dynamicAnchor: "b" }, '/$dynamicAnchor cannot be combined with "$anchor"'],
    [{ $id: "http://" }, expect.stringMatching(/^ has an unusable "\$id" or "\$ref": /)],
    [{ minLength: "3" }, "/minLength must be a number, found a string"],
    [
      { properties: { a: { not: { allOf: [{ type: 1 }] } } } },
      expect.stringMatching(/^\/properties\/a\/not\/allOf\/0\/type must be /),
    ],
    [{ $defs: { x: { if: 1 } } }, "/$defs/x/if must be a schema: an object, true or false"],
  ])("rejects %j", (schema, fault) => {
    expect(faults(schema)).toEqual([fault]);
  });
});
