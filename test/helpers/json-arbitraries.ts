import fc from "fast-check";
import type { Json, JsonObject } from "../../src/util/json.js";

/** Generates keys, most of them keys that an attacker would choose. */
const arbitraryKey = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "", "~/", "0", "ä"),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
);

/** Generates JSON of any shape that contains some of the given keys. */
export function arbitraryJson(...keys: string[]): fc.Arbitrary<Json> {
  const key = keys.length === 0 ? arbitraryKey : fc.oneof(fc.constantFrom(...keys), arbitraryKey);
  const scalar = fc.oneof(
    fc.constantFrom<Json>(
      null,
      true,
      false,
      0,
      -1,
      1e308,
      "",
      "ada",
      "a/b",
      "x".repeat(300),
      "\ud800",
      "{{",
      "{{ x }}",
    ),
    fc.string({ maxLength: 10 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ) as fc.Arbitrary<Json>;
  return fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4, depthSize: "medium" },
      scalar,
      fc.array(tie("json"), { maxLength: 4 }),
      fc
        .array(fc.tuple(key, tie("json")), { maxLength: 6 })
        .map((entries) => Object.fromEntries(entries) as JsonObject),
    ),
  })).json;
}

type Path = (string | number)[];

function listPaths(value: Json, here: Path = []): Path[] {
  const children = Array.isArray(value)
    ? [...value.entries()]
    : value !== null && typeof value === "object"
      ? Object.entries(value)
      : [];
  return [here, ...children.flatMap(([key, child]) => listPaths(child, [...here, key]))];
}

function changeAt(value: Json, path: Path, change: (parent: JsonObject | Json[], key: string | number) => void): Json {
  const copy = structuredClone(value);
  let parent = copy as JsonObject | Json[];
  for (const part of path.slice(0, -1)) parent = (parent as JsonObject)[part as string] as JsonObject;
  change(parent, path.at(-1) as string | number);
  return copy;
}

/** Generates functions that return a document with one to three of its parts deleted, replaced by other JSON or moved to another key. */
export function arbitraryChange(
  replacement: fc.Arbitrary<Json> = arbitraryJson(),
): fc.Arbitrary<(document: Json) => Json> {
  const mutation = fc.tuple(fc.nat(), fc.constantFrom("delete", "replace", "rename"), replacement, arbitraryKey);
  return fc.array(mutation, { minLength: 1, maxLength: 3 }).map(
    (mutations) => (document: Json) =>
      mutations.reduce<Json>((value, [at, kind, json, name]) => {
        const paths = listPaths(value).slice(1);
        if (paths.length === 0) return value;
        return changeAt(value, paths[at % paths.length] as Path, (parent, key) => {
          if (Array.isArray(parent)) {
            if (kind === "delete") parent.splice(key as number, 1);
            else parent[key as number] = json;
            return;
          }
          const old = parent[key as string] as Json;
          if (kind === "replace") parent[key as string] = json;
          else delete parent[key as string];
          if (kind === "rename")
            Object.defineProperty(parent, name, { value: old, enumerable: true, configurable: true, writable: true });
        });
      }, document),
  );
}

/** Generates the document with one to three of its parts deleted, replaced by other JSON or moved to another key. */
export function arbitraryMutation(document: Json, replacement?: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return arbitraryChange(replacement).map((change) => change(document));
}

/** Returns an object with that many levels. */
export function buildNestedJson(levels: number, open = '{"a":', close = "}"): Json {
  return JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`) as Json;
}
