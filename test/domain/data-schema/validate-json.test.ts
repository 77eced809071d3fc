import { describe, expect, it } from "vitest";
import { checkTriggerData, matchesSchema } from "../../../src/domain/data-schema/check-trigger-data.js";
import { LINEAR_FORMATS } from "../../../src/domain/data-schema/validate-json.js";
import type { KnockError } from "../../../src/errors/knock-error.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";

const LETTERS = "a".repeat(36);
const SLOW = "^(a+)+$";
/** A pattern that only backtracking can match. */
const LOOKAHEAD = "^(?=(a+)+$)a*$";

const thrown = (schema: JsonObject, data: JsonObject): KnockError =>
  catchThrown(() => checkTriggerData({ key: "order", trigger_data_json_schema: schema }, data)) as KnockError;
const a = (schema: JsonObject): JsonObject => ({ properties: { a: schema } });

describe("trigger data with patterns that backtrack endlessly", () => {
  it.each<[string, JsonObject, JsonObject, string[]]>([
    ["pattern", a({ pattern: SLOW }), { a: `${LETTERS}!` }, [`/data/a must match ${SLOW}, found "${LETTERS}!"`]],
    [
      "several texts",
      a({ items: { anyOf: [{ pattern: SLOW }, { pattern: "^(b+)+$" }] } }),
      { a: [LETTERS, "b".repeat(40), `${LETTERS}!`] },
      [
        "/data/a/2 must match at least one schema of anyOf",
        `/data/a/2 must match ${SLOW}, found "${LETTERS}!"`,
        `/data/a/2 must match ^(b+)+$, found "${LETTERS}!"`,
      ],
    ],
    [
      "patternProperties",
      { patternProperties: { [SLOW]: { type: "number" }, "^(b+)+$": false }, additionalProperties: false },
      { [LETTERS]: "1", [`${LETTERS}!`]: 2 },
      [`/data/${LETTERS} must be number, found "1"`, `/data/${LETTERS}! is not a known property`],
    ],
    [
      "propertyNames",
      { propertyNames: { pattern: SLOW } },
      { [`${LETTERS}!`]: 1 },
      [`/data Property name "${LETTERS}!" does not match schema`],
    ],
    [
      "behind a reference",
      { $defs: { word: { pattern: SLOW } }, ...a({ $ref: "#/$defs/word" }) },
      { a: `${LETTERS}!` },
      [`/data/a must match ${SLOW}, found "${LETTERS}!"`],
    ],
    [
      "texts with characters of patterns",
      a({ items: { pattern: "^([ab.|$^(){}[\\]\\\\/*+?-]+)+$" } }),
      { a: [`${LETTERS}.*`, `[${LETTERS}]|(b)`, `${LETTERS}\n`] },
      [expect.stringMatching(/^\/data\/a\/2 must match /) as unknown as string],
    ],
  ])("E-030 are decided in linear time: %s", (_what, schema, data, expected) => {
    expect(formatDetails(thrown(schema, data))).toEqual(expected);
  });

  it("E-030 accepts matching data", () => {
    expect(() =>
      checkTriggerData(
        { key: "w", trigger_data_json_schema: a({ items: { pattern: "^(a|aa)+$" } }) },
        {
          a: [LETTERS, "a", "aa".repeat(5_000)],
        },
      ),
    ).not.toThrow();
    expect(matchesSchema({ pattern: SLOW }, LETTERS)).toBe(true);
    expect(matchesSchema({ pattern: SLOW }, `${LETTERS}!`)).toBe(false);
  });

  it("E-030 are rejected with the location if the pattern's syntax needs backtracking", () => {
    const error = thrown(a({ items: { pattern: LOOKAHEAD } }), { a: ["aa", `${LETTERS}!`] });
    expect([error.code, error.details]).toEqual([
      "invalid_params",
      [{ pointer: "/data/a/1", message: `could not be checked in time against the pattern ${LOOKAHEAD}` }],
    ]);
    expect(error.message).toContain("data.a[1]");
    expect(error.hint).toContain("lookaround");
    expect(matchesSchema({ pattern: LOOKAHEAD }, `${LETTERS}!`)).toBe(false);
  });

  it("E-030 are rejected with the pattern that was slow, if other slow patterns are not used", () => {
    const other = "^(?=b)(b+)+$";
    const properties = { first: { pattern: other }, key: { pattern: LOOKAHEAD }, last: { pattern: `${other}|c` } };
    const data = { note: `${"b".repeat(40)}!`, first: "bb", key: `${LETTERS}!`, last: "c", [`${LETTERS}?`]: 1 };
    expect(thrown({ properties }, data).details).toEqual([
      { pointer: "/data/key", message: `could not be checked in time against the pattern ${LOOKAHEAD}` },
    ]);
    expect(thrown({ properties }, { ...data, key: "a", last: data.note }).details).toEqual([
      expect.objectContaining({ message: `could not be checked in time against the pattern ${other}|c` }),
    ]);
    expect(matchesSchema({ properties }, { ...data, key: "a" })).toBe(true);
  });

  it("E-030 do not affect the check of other texts", () => {
    const schema = { properties: { a: { pattern: LOOKAHEAD }, b: { pattern: SLOW } } };
    expect(formatDetails(thrown(schema, { b: `${LETTERS}!` }))).toEqual([
      `/data/b must match ${SLOW}, found "${LETTERS}!"`,
    ]);
    expect(matchesSchema(schema, { a: LETTERS, b: LETTERS, c: `${LETTERS}!` })).toBe(true);
    expect(matchesSchema(schema, { a: "b", b: LETTERS, c: `${LETTERS}!` })).toBe(false);
  });

  it("E-030 support lookaround and backreferences", () => {
    const password = a({ pattern: "^(?=.*\\d)(?=.*[a-z]).{8,}$" });
    expect(formatDetails(thrown(password, { a: "letters only" }))).toHaveLength(1);
    expect(matchesSchema(password, { a: "letters and 1" })).toBe(true);
    expect(matchesSchema({ pattern: "^(.)\\1$" }, "xx")).toBe(true);
  });
});

it("E-030 are rejected in bounded time if they are expensive to compare", () => {
  const list = Array.from({ length: 60_000 }, (_, index): Json => ({ index }));
  const error = thrown(a({ uniqueItems: true }), { a: list });
  expect([error.code, error.message]).toEqual([
    "invalid_params",
    expect.stringMatching(/^the data of workflow "order": data could not be checked within 1 s$/),
  ]);
});

describe("JSON Schema drafts", () => {
  const DRAFT_7 = "http://json-schema.org/draft-07/schema#";

  it.each<[string, JsonObject, Json, boolean]>([
    ["an id next to $ref is ignored before 2019-09", siblingId(DRAFT_7), 1, true],
    ["an id next to $ref is ignored before 2019-09", siblingId(DRAFT_7), "a", false],
    ["$dynamicRef within one resource", tree(), { children: [{ children: [] }] }, true],
    ["$dynamicRef within one resource", tree(), { children: [{ children: 1 }] }, false],
    ["$dynamicRef next to $ref", dynamicBesideRef(), 5, true],
    ["$dynamicRef next to $ref", dynamicBesideRef(), 50, false],
    ["$dynamicRef next to $ref", dynamicBesideRef(), "5", false],
    ["$ref to a dynamic anchor", { $ref: "#n", $defs: { n: { $dynamicAnchor: "n", type: "number" } } }, "5", false],
    ["draft 6", { $schema: "http://json-schema.org/draft-06/schema#", exclusiveMinimum: 1 }, 1, false],
  ])("validate (%s) %j, %j → %s", (_what, schema, value, valid) => {
    const before = JSON.stringify(schema);
    expect(matchesSchema(schema, value)).toBe(valid);
    expect(JSON.stringify(schema)).toBe(before);
  });

  it.each<[string, JsonObject]>([
    ["$recursiveRef", { $recursiveAnchor: true }],
    ["$recursiveRef without an anchor", {}],
  ])("name the expected type behind %s", (_what, anchor) => {
    const children = { type: "array", items: { $recursiveRef: "#" } };
    const $schema = "https://json-schema.org/draft/2019-09/schema";
    const schema = { $schema, ...anchor, type: "object", properties: { children } };
    expect(formatDetails(thrown(schema, { children: [{ children: 1 }] }))).toEqual([
      "/data/children/0/children must be array, found 1",
    ]);
  });

  it("name the expected type behind a reference to an anchor", () => {
    const schema = { $defs: { n: { $anchor: "n", type: "number" } }, properties: { a: { $ref: "#n" } } };
    expect(formatDetails(thrown(schema, { a: "5" }))).toEqual(['/data/a must be number, found "5"']);
  });

  it.each<[JsonObject, Json, string]>([
    [{ anyOf: [{ type: "number" }] }, "5", "must match at least one schema of anyOf"],
    [{ oneOf: [{ type: "string" }, { minLength: 1 }] }, "5", "must match exactly one schema of oneOf (2 matches)"],
    [{ not: { type: "string" } }, "5", "must not match the schema of not"],
    [{ contains: { type: "string" } }, [5], "must contain an item that matches the schema of contains"],
  ])("describe a value that does not fit %j", (schema, value, message) => {
    expect(formatDetails(thrown(a(schema), { a: value }))).toContain(`/data/a ${message}`);
  });

  it("name the expected type behind a dynamic reference", () => {
    expect(formatDetails(thrown(tree(), { children: [{ children: 1 }] }))).toEqual([
      "/data/children/0/children must be array, found 1",
    ]);
  });
});

function siblingId($schema: string): JsonObject {
  return {
    $schema,
    $id: "http://schema.example/base/",
    definitions: {
      other: { $id: "http://schema.example/foo.json", type: "string" },
      meant: { $id: "foo.json", type: "number" },
    },
    allOf: [{ $id: "http://schema.example/", $ref: "foo.json" }],
  };
}

function tree(): JsonObject {
  return {
    $dynamicAnchor: "node",
    properties: { children: { type: "array", items: { $dynamicRef: "#node" } } },
  };
}

function dynamicBesideRef(): JsonObject {
  return {
    $ref: "#/$defs/small",
    $dynamicRef: "#number",
    $defs: { small: { maximum: 10 }, number: { $dynamicAnchor: "number", type: "number" } },
  };
}

describe("formats without a time limit", () => {
  const repeat = (text: string): string => text.repeat(200_000);
  // If a format took quadratic time for one of these texts, the test would not end within its limit.
  it.each(LINEAR_FORMATS)("E-030 decide on long texts in linear time: %s", (format) => {
    for (const part of ["1", "a.", "a-", ":", "/", "%41", "a@", '\\"'])
      for (const start of ["", "a://", "a:", "a@", "PT", "2026-01-01T10:00:00."])
        expect(matchesSchema({ format }, `${start}${repeat(part)} `)).toBe(false);
  });
});
