import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { findUndescribedProperties } from "../../scripts/find-undescribed-properties.mjs";

const FOLDER = resolve(import.meta.dirname, "../../schemas");

describe("the published JSON Schemas", () => {
  it("describe every property", () => {
    const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));
    expect(files.length).toBeGreaterThan(100);
    const found = files.flatMap((file) => {
      const schema = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as object;
      return findUndescribedProperties(schema).map((pointer) => `${file}${pointer}`);
    });
    expect(found).toEqual([]);
  });

  it("are searched for properties without a description", () => {
    const name = { type: "string", description: "The name." };
    const bare = { type: "string" };
    const schema = {
      properties: { name, bare, user: { $ref: "#/$defs/user" }, step: { $ref: "#/$defs/step" } },
      items: { anyOf: [{ properties: { name } }, { properties: { bare } }] },
      // biome-ignore lint/suspicious/noThenProperty: `then` is a keyword of JSON Schema.
      then: { properties: { name: { const: "a" } } },
      $defs: { user: { properties: { properties: bare }, description: "A user." }, step: { properties: {} } },
    };
    expect(findUndescribedProperties(schema)).toEqual([
      "/properties/bare",
      "/properties/step",
      "/items/anyOf/1/properties/bare",
      "/$defs/user/properties/properties",
    ]);
  });
});
