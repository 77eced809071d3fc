import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { checkClosedDocument, checkDocument, findUnknownKeys } from "../../../src/domain/schema/check-document.js";
import type { Finding } from "../../../src/domain/schema/finding.js";

const schema = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(5)),
  kind: z.enum(["static", "dynamic"]),
  count: z.nullish(z.int().check(z.gte(1), z.lte(3))),
  links: z.nullish(z.array(z.strictObject({ url: z.string() }))),
});

function collectFindings(value: unknown): Finding[] {
  const faults: Finding[] = [];
  const checked = checkDocument(schema, value, (path, message) => faults.push({ path, message }));
  expect(checked).toBe(faults.length === 0 ? value : null);
  return faults;
}

const VALID = { name: "A", kind: "static" };

describe("checkDocument", () => {
  it.each<[unknown, PropertyKey[], string]>([
    ["text", [], "must be an object, found a string"],
    [{ ...VALID, name: 7 }, ["name"], "must be a string, found a number"],
    [{ kind: "static" }, ["name"], "is required (a string)"],
    [{ ...VALID, name: "" }, ["name"], "must not be empty"],
    [{ ...VALID, name: "abcdef" }, ["name"], "must be at most 5 characters"],
    [{ ...VALID, kind: "statc" }, ["kind"], 'must be "static" or "dynamic", found "statc"; did you mean "static"?'],
    [{ ...VALID, count: 4 }, ["count"], "must be at most 3, found 4"],
    [{ ...VALID, count: 1.5 }, ["count"], "must be a whole number, found a number"],
    [{ ...VALID, links: [{ url: "a" }, { url: null }] }, ["links", 1, "url"], "must be a string, found null"],
  ])("reports %j at %j", (value, path, message) => {
    expect(collectFindings(value)).toEqual([{ path, message }]);
  });

  it("reports every error once", () => {
    expect(collectFindings({ name: 1, kind: 2, links: [{}] }).map(({ path }) => path.join("."))).toEqual([
      "name",
      "kind",
      "links.0.url",
    ]);
  });

  it("returns the value itself, with the original order of its keys", () => {
    const value = { kind: "static", name: "A", count: null };
    expect(collectFindings(value)).toEqual([]);
  });

  it("F-026 ignores unknown keys", () => {
    expect(collectFindings({ ...VALID, colour: "red" })).toEqual([]);
  });
});

describe("a misspelled required key", () => {
  const misspelled = { path: ["naem"], message: 'unknown key "naem"; did you mean "name"?' };

  it("is one finding, in place of the missing key", () => {
    expect(collectFindings({ kind: "static", naem: "A" })).toEqual([misspelled]);
    expect(collectFindings({ kind: "static", naem: "A", links: [{ ulr: "b" }] })).toEqual([
      misspelled,
      { path: ["links", 0, "ulr"], message: 'unknown key "ulr"; did you mean "url"?' },
    ]);
  });

  it("is one finding of a closed document, in the order of the others", () => {
    const findings: Finding[] = [];
    checkClosedDocument(schema, { naem: "A", kind: "x", colour: 1 }, (path, message) =>
      findings.push({ path, message }),
    );
    expect(findings.map(({ path }) => path.join("."))).toEqual(["naem", "kind", "colour"]);
  });

  it("has a suggested key", () => {
    const suggested: unknown[] = [];
    checkDocument(schema, { kind: "static", naem: "A" }, (_path, _message, key) => suggested.push(key));
    expect(suggested).toEqual(["name"]);
  });

  it("does not hide another finding", () => {
    expect(collectFindings({ kind: "static", name: 1, naem: "A" })).toMatchObject([{ path: ["name"] }]);
    expect(collectFindings({ kind: "static", colour: "A" })).toMatchObject([{ path: ["name"] }]);
  });
});

describe("findUnknownKeys", () => {
  it("suggests the nearest declared key, at every level", () => {
    expect(findUnknownKeys(schema, { ...VALID, cuont: 1, links: [{ url: "a", ulr: "b" }] })).toEqual([
      { path: ["links", 0, "ulr"], message: 'unknown key "ulr"; did you mean "url"?' },
      { path: ["cuont"], message: 'unknown key "cuont"; did you mean "count"?', suggestedKey: "count" },
    ]);
  });

  it("F-013 F-021 accepts file references to declared keys, the service's own keys, and keys without a value", () => {
    expect(findUnknownKeys(schema, { kind: "static", "name@": "name.txt", __readonly: {}, old: null })).toEqual([]);
    expect(findUnknownKeys(schema, { ...VALID, "nme@": "name.txt" })).toHaveLength(1);
  });

  it("finds unknown keys next to other errors", () => {
    expect(findUnknownKeys(schema, { name: 7, colour: "red" })).toMatchObject([{ path: ["colour"] }]);
  });
});
