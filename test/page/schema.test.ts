import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkTriggerData } from "../../src/domain/data-schema/check-trigger-data.js";
import { formatFieldName, replaceAtPath } from "../../src/page/lib/json.js";
import {
  buildMatchingText,
  buildSample,
  getInputKind,
  listProperties,
  resolveSchema,
} from "../../src/page/lib/schema.js";
import type { JsonObject } from "../../src/util/json.js";

const FIXTURES = join(import.meta.dirname, "../../fixtures");

/** Returns every schema of the sample projects. */
function schemas(): [workflow: string, schema: JsonObject][] {
  return readdirSync(FIXTURES, { withFileTypes: true }).flatMap((project) => {
    if (!project.isDirectory()) return [];
    const folder = join(FIXTURES, project.name, "knock/workflows");
    return readdirSync(folder).flatMap((key): [string, JsonObject][] => {
      const { trigger_data_json_schema: schema } = JSON.parse(readFileSync(join(folder, key, "workflow.json"), "utf8"));
      return schema === undefined ? [] : [[key, schema]];
    });
  });
}

describe("buildSample", () => {
  it.each(schemas())("builds data that matches the schema of %s", (key, schema) => {
    const data = buildSample(schema, schema) as JsonObject;
    expect(() => checkTriggerData({ key, trigger_data_json_schema: schema }, data)).not.toThrow();
    expect(Object.keys(data).length).toBeGreaterThan(0);
  });

  it("prefers values from the schema to invented ones", () => {
    const schema: JsonObject = {
      type: "object",
      properties: {
        a: { type: "string", default: "A" },
        b: { type: "string", examples: ["B", "no"] },
        c: { const: 3 },
        d: { enum: ["x", "y"] },
        when: { type: "string", format: "date-time" },
        order_id: { type: "string" },
        short: { type: "string", maxLength: 3 },
        many: { type: "array", minItems: 2, items: { type: "integer", minimum: 5, multipleOf: 4 } },
        free: {},
      },
    };
    expect(buildSample(schema, schema)).toEqual({
      a: "A",
      b: "B",
      c: 3,
      d: "x",
      when: "2026-01-31T09:00:00Z",
      order_id: "order-1",
      short: "Sho",
      many: [8, 8],
      free: null,
    });
  });

  it("resolves references without endless recursion", () => {
    const schema: JsonObject = {
      type: "object",
      properties: { tree: { $ref: "#/$defs/tree" }, gone: { $ref: "#/$defs/gone" } },
      $defs: { tree: { type: "object", properties: { left: { $ref: "#/$defs/tree" }, leaf: { type: "boolean" } } } },
    };
    const { tree } = buildSample(schema, schema) as { tree: JsonObject };
    expect(tree.leaf).toBe(true);
    expect(JSON.stringify(tree).length).toBeLessThan(1_000);
    expect(
      resolveSchema(
        { $ref: "#/properties/self", properties: {} },
        { properties: { self: { $ref: "#/properties/self" } } },
      ),
    ).toEqual({});
  });
});

describe("buildMatchingText", () => {
  it.each([
    ["^ord_[0-9]+$", "ord_0"],
    ["^[A-Z]{2}-\\d{3,}x?$", "AA-111"],
    ["^\\+1[\\d]{4}$", "+11111"],
    ["plain", "plain"],
    ["^(a|b)$", null],
    ["^[^a]$", null],
    ["[", null],
  ])("returns for %s: %j", (pattern, text) => {
    expect(buildMatchingText(pattern)).toBe(text);
  });
});

describe("inputs", () => {
  it("depend on the type, with JSON for values without one", () => {
    const known: JsonObject[] = [
      { type: "string" },
      { type: "string", maxLength: 5_000 },
      { type: ["integer", "null"] },
      { type: "boolean" },
      { enum: ["a", 1, null] },
      { enum: [{}] },
      { properties: { a: {} } },
      { type: "object" },
      { type: "array", items: { type: "string" } },
      { type: "array" },
      { anyOf: [{ type: "string" }] },
    ];
    expect(known.map((schema) => getInputKind(schema))).toEqual([
      "text",
      "long text",
      "number",
      "boolean",
      "choice",
      "json",
      "object",
      "json",
      "list",
      "json",
      "json",
    ]);
  });

  it("are marked as required", () => {
    const schema: JsonObject = { properties: { a: { type: "string" }, b: {} }, required: ["b", 7] };
    expect(listProperties(schema, schema).map(({ name, required }) => [name, required])).toEqual([
      ["a", false],
      ["b", true],
    ]);
  });
});

describe("values at a path", () => {
  it("are set, created and removed, without a change of the original", () => {
    const data = { order: { lines: [{ sku: "a" }, { sku: "b" }] }, note: "n" };
    const before = structuredClone(data);
    expect(replaceAtPath(data, ["order", "lines", 1, "sku"], "c")).toEqual({
      order: { lines: [{ sku: "a" }, { sku: "c" }] },
      note: "n",
    });
    expect(replaceAtPath(data, ["order", "lines", 0], undefined)).toEqual({
      order: { lines: [{ sku: "b" }] },
      note: "n",
    });
    expect(replaceAtPath(data, ["note"], undefined)).toEqual({ order: before.order });
    expect(replaceAtPath(undefined, ["a", 0, "b"], 1)).toEqual({ a: [{ b: 1 }] });
    expect(data).toEqual(before);
  });

  it("are named as in the API's errors", () => {
    expect(formatFieldName(["data", "order", "lines", 0, "sku"])).toBe("data.order.lines[0].sku");
  });
});
