import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { checkClosedDocument } from "../../../src/domain/schema/check-document.js";
import { checkedString } from "../../../src/domain/schema/fields.js";
import type { Finding } from "../../../src/domain/schema/finding.js";
import { unionByType } from "../../../src/domain/schema/union-by-type.js";

function collectFindings(schema: z.ZodMiniType, value: unknown): Finding[] {
  const faults: Finding[] = [];
  checkClosedDocument(schema, value, (path, message) => faults.push({ path, message }));
  return faults;
}

describe("unionByType", () => {
  const schema = unionByType("a user ID or an object", {
    text: () => checkedString((text) => (text === "" ? "must not be empty" : null)),
    object: () => z.strictObject({ id: z.string() }),
  });

  it.each<[unknown, PropertyKey[], string]>([
    ["", [], "must not be empty"],
    [{ id: 1 }, ["id"], "must be a string, found a number"],
    [7, [], "must be a user ID or an object, found a number"],
    [["a"], [], "must be a user ID or an object, found a list"],
    [null, [], "must be a user ID or an object, found null"],
    [undefined, [], "is required (a user ID or an object)"],
  ])("reports %j at %j", (value, path, message) => {
    expect(collectFindings(schema, value)).toEqual([{ path, message }]);
  });

  it("can be optional", () => {
    const holder = z.strictObject({ user: z.nullish(schema) });
    for (const value of [{}, { user: null }, { user: "ada" }, { user: { id: "ada" } }])
      expect(collectFindings(holder, value)).toEqual([]);
    expect(collectFindings(holder, { user: { id: null } })).toEqual([
      { path: ["user", "id"], message: "must be a string, found null" },
    ]);
  });

  it("is exported as a union", () => {
    expect(z.toJSONSchema(schema)).toMatchObject({ anyOf: [{ type: "string" }, { type: "object", required: ["id"] }] });
  });
});

it("builds the schema of each type once, when the first value of the type is checked", () => {
  let built = 0;
  const text = () => {
    built += 1;
    return z.string();
  };
  const schema = unionByType("text or a number", { text, number: () => z.number() });
  schema.safeParse(1);
  expect(built).toBe(0);
  for (const value of ["a", "b", "c"]) expect(schema.safeParse(value).success).toBe(true);
  expect(built).toBe(1);
});
