import { describe, expect, it } from "vitest";
import { generateTypeScript } from "../../../src/features/types/generate-typescript.js";
import { SchemaTypePrinter } from "../../../src/features/types/print-schema-type.js";
import type { JsonObject } from "../../../src/util/json.js";

const print = (schema: unknown): string =>
  new SchemaTypePrinter(() => null, false).print(schema).replaceAll(/\s+/g, " ");

describe("the TypeScript type of a JSON Schema", () => {
  it.each<[string, unknown, string]>([
    ["true", true, "unknown"],
    ["false", false, "never"],
    ["an empty schema", {}, "unknown"],
    ["an integer", { type: "integer" }, "number"],
    ["several types", { type: ["string", "null"] }, "string | null"],
    ["an enum", { enum: ["a", 1, null, "a"] }, '"a" | 1 | null'],
    ["a constant object", { const: { a: ["x"] } }, '{ a: ["x"] }'],
    ["a list of a union", { type: "array", items: { type: ["string", "number"] } }, "(string | number)[]"],
    [
      "a list of objects with a union inside",
      { type: "array", items: { properties: { a: { enum: ["x | y", "z"] } } } },
      '{ a?: "x | y" | "z"; }[]',
    ],
    ["a list without items", { type: "array" }, "unknown[]"],
    [
      "a tuple",
      { prefixItems: [{ type: "string" }, { type: "number" }], items: false, minItems: 1 },
      "[string, number?]",
    ],
    ["a tuple with a rest", { items: [{ type: "string" }], additionalItems: { type: "null" } }, "[string?, ...null[]]"],
    ["an object without properties", { type: "object" }, "{ [key: string]: unknown; }"],
    ["an object that is always empty", { type: "object", additionalProperties: false }, "{ [key: string]: never; }"],
    ["an object that requires an undeclared property", { required: ["toString"] }, "{ toString: unknown; }"],
    [
      "an object with other properties of one type",
      { properties: { a: { type: "string" } }, additionalProperties: { type: "number" } },
      "{ a?: string; [key: string]: number | string | undefined; }",
    ],
    ["properties by pattern", { patternProperties: { "^x": { type: "boolean" } } }, "{ [key: string]: boolean; }"],
    [
      "an object of which one of two properties is required",
      { properties: { a: {} }, anyOf: [{ required: ["a"] }, { required: ["b"] }] },
      "{ a?: unknown; } & ({ a: unknown; } | { b: unknown; })",
    ],
    [
      "an object whose properties are in combined schemas",
      { type: "object", oneOf: [{ properties: { a: {} } }, { type: "null" }] },
      "{ a?: unknown; } | null",
    ],
    ["combined limits", { type: "string", allOf: [{ minLength: 1 }] }, "string"],
    ["a property that is not an identifier", { properties: { "first-name": {} } }, '{ "first-name"?: unknown; }'],
  ])("is generated from %s", (_, schema, expected) => {
    expect(print(schema)).toBe(expected);
  });
});

const generate = (schema: JsonObject, key = "order-paid"): string => generateTypeScript([{ key, schema }], true).code;

describe("the types of workflows", () => {
  it("declare referenced schemas once, including recursive ones", () => {
    const code = generate({
      properties: { root: { $ref: "#/$defs/node" }, other: { $ref: "#/$defs/node" } },
      $defs: { node: { properties: { next: { $ref: "#/$defs/node" } } } },
    });
    expect(code).toContain("export type OrderPaidDataNode = {\n  next?: OrderPaidDataNode;\n};");
    expect(code.match(/export type OrderPaidDataNode /g)).toHaveLength(1);
    expect(code).toContain("  root?: OrderPaidDataNode;\n  other?: OrderPaidDataNode;\n");
  });

  it("follow references to anchors, IDs and the root", () => {
    const code = generate({
      $id: "https://example.com/order",
      properties: {
        anchor: { $ref: "#line" },
        root: { $ref: "#" },
        id: { $ref: "https://example.com/order#/$defs/line" },
      },
      $defs: { line: { $anchor: "line", type: "string" } },
    });
    expect(code).toContain("  anchor?: OrderPaidDataLine;\n  root?: OrderPaidData;\n  id?: OrderPaidDataLine;\n");
  });

  it("ignore keywords beside a reference in draft 7 and combine them in later drafts", () => {
    const schema = {
      properties: { a: { $ref: "#/definitions/b", type: "number" } },
      definitions: { b: { enum: [1] } },
    };
    expect(generate({ ...schema, $schema: "http://json-schema.org/draft-07/schema#" })).toContain(
      "a?: OrderPaidDataB;",
    );
    expect(generate(schema)).toContain("a?: OrderPaidDataB & number;");
  });

  it("have different names for keys that differ only in punctuation, and valid names for all keys", () => {
    const keys = ["a-b", "a_b", "2fa", "workflow"];
    const { types } = generateTypeScript(
      keys.map((key) => ({ key, schema: {} })),
      true,
    );
    expect(types.map(({ type }) => type)).toEqual(["ABData", "ABData2", "Workflow2faData", "WorkflowData2"]);
  });

  it("cannot be broken by a description", () => {
    const code = generate({ description: "a */ export const x = 1; /*", properties: {} });
    expect(code).toContain(" * a *\\/ export const x = 1; /*\n");
  });

  it("have no function in a declaration file", () => {
    expect(generateTypeScript([], true).code).toContain("export function typeClient");
    expect(generateTypeScript([], false).code).not.toContain("function");
  });
});
