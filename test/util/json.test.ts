import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  deepMerge,
  getValueAtPath,
  isJsonObject,
  type Json,
  type JsonObject,
  stableStringify,
  toPointer,
} from "../../src/util/json.js";

const keys = fc.oneof(fc.constantFrom("a", "b", "c", "__proto__", "constructor", "toString", "0"), fc.string());

function buildObject(value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  return fc.array(fc.tuple(keys, value), { maxLength: 5 }).map((entries) => Object.fromEntries(entries) as JsonObject);
}

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie("json"), { maxLength: 3 }),
    buildObject(tie("json")),
  ),
}));
const object = buildObject(json);

const text = (value: unknown): string => JSON.stringify(value);

describe("deepMerge (E-038)", () => {
  it.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    [{ a: { x: 1, y: 1 } }, { a: { y: 2 } }, { a: { x: 1, y: 2 } }],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
    [{ a: { x: 1 } }, { a: null }, { a: null }],
    [{ a: null }, { a: { x: 1 } }, { a: { x: 1 } }],
    [{ a: { x: 1 } }, { a: [1] }, { a: [1] }],
    [{ toString: 1 }, { constructor: { x: 1 } }, { toString: 1, constructor: { x: 1 } }],
  ])("merges into %j the value %j as %j", (base, over, merged) => {
    expect(deepMerge(base, over)).toEqual(merged);
  });

  it("treats the empty object as neutral on both sides", () => {
    fc.assert(
      fc.property(object, (value) => {
        expect(stableStringify(deepMerge({}, value))).toBe(stableStringify(value));
        expect(stableStringify(deepMerge(value, {}))).toBe(stableStringify(value));
        expect(stableStringify(deepMerge(value, value))).toBe(stableStringify(value));
      }),
    );
  });

  it("is associative", () => {
    // Scalars are excluded: the result for `{a:{}}`, `{a:1}`, `{a:{}}` depends on the order, because a scalar replaces
    // an object.
    const flat = buildObject(fc.oneof(fc.integer(), fc.constant(null)) as fc.Arbitrary<Json>);
    const twoLevels = fc.record({ x: flat, y: flat }, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(twoLevels, twoLevels, twoLevels, (a, b, c) => {
        expect(stableStringify(deepMerge(deepMerge(a, b), c))).toBe(stableStringify(deepMerge(a, deepMerge(b, c))));
      }),
    );
  });

  it("changes neither argument nor a prototype, and keeps a __proto__ key as an ordinary key", () => {
    fc.assert(
      fc.property(object, object, (base, over) => {
        const before = [text(base), text(over)];
        const merged = deepMerge(base, over);
        expect([text(base), text(over)]).toEqual(before);
        expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
        expect(new Set(Object.keys(merged))).toEqual(new Set([...Object.keys(base), ...Object.keys(over)]));
        expect(({} as JsonObject).polluted).toBeUndefined();
      }),
    );
    const attack = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as JsonObject;
    expect(text(deepMerge(deepMerge({}, attack), attack))).toBe(text(attack));
    expect(({} as JsonObject).polluted).toBeUndefined();
  });

  it("shares no object with the base that it changes", () => {
    const base = { a: { b: { c: 1 } } };
    const merged = deepMerge(base, { a: { b: { d: 2 } } });
    ((merged.a as JsonObject).b as JsonObject).c = 9;
    expect(base).toEqual({ a: { b: { c: 1 } } });
  });

  it("merges a depth of 100,000, because flags are merged before their depth is checked", () => {
    const deep = (leaf: string): JsonObject =>
      JSON.parse('{"a":'.repeat(100_000) + leaf + "}".repeat(100_000)) as JsonObject;
    let merged: Json | undefined = deepMerge(deep('{"x":1}'), deep('{"y":2}'));
    for (let level = 0; level < 100_000; level++) merged = (merged as JsonObject).a;
    expect(merged).toEqual({ x: 1, y: 2 });
  });
});

describe("stableStringify", () => {
  it("returns the same text for any order of keys, at every level", () => {
    const shuffled = (value: Json): Json =>
      Array.isArray(value)
        ? value.map(shuffled)
        : isJsonObject(value)
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, child]) => [key, shuffled(child)]),
            )
          : value;
    fc.assert(
      fc.property(json, (value) => {
        expect(stableStringify(shuffled(value))).toBe(stableStringify(value));
        expect(JSON.parse(stableStringify(value))).toEqual(JSON.parse(text(value)));
      }),
    );
  });

  it("returns different texts for different values", () => {
    expect(stableStringify({ a: 1 })).not.toBe(stableStringify({ a: "1" }));
    expect(stableStringify([1, 2])).not.toBe(stableStringify([2, 1]));
    expect(stableStringify({ a: null })).not.toBe(stableStringify({}));
  });
});

describe("toPointer (RFC 6901)", () => {
  it.each<[PropertyKey[], string]>([
    [[], ""],
    [["recipients", 0, "id"], "/recipients/0/id"],
    [["a/b", "m~n", "~1", ""], "/a~1b/m~0n/~01/"],
  ])("converts %j to %j", (path, pointer) => {
    expect(toPointer(path)).toBe(pointer);
  });

  it("returns pointers that parse back to the same path", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (path) => {
        const back = toPointer(path)
          .slice(1)
          .split("/")
          .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
        expect(back).toEqual(path);
      }),
    );
  });
});

describe("getValueAtPath", () => {
  it.each<[string[], unknown]>([
    [[], { a: { b: [10, { c: null }] } }],
    [["a", "b", "0"], 10],
    [["a", "b", "1", "c"], null],
    [["a", "b", "2"], undefined],
    [["a", "b", "1", "c", "d"], undefined],
    [["a", "toString"], undefined],
    [["__proto__"], undefined],
    [["constructor", "name"], undefined],
    [["a", "b", "0", "length"], undefined],
  ])("returns at %j the value %j, from own properties only", (path, value) => {
    expect(getValueAtPath({ a: { b: [10, { c: null }] } }, path)).toEqual(value);
  });
});
