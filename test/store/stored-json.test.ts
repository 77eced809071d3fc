import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stringify } from "../../src/store/rows/json-column.js";

const FOLDER = "src/store";
/** Describes `JSON.stringify` in its documentation, and calls it. */
const DEFINITION = join("rows", "json-column.ts");

it("all JSON of the stores is written by one function, which makes text well-formed", () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(100);
  const others = files.filter(
    (file) => file !== DEFINITION && readFileSync(join(FOLDER, file), "utf8").includes("JSON.stringify("),
  );
  expect(others).toEqual([]);
});

it.each([
  [
    { a: "\\u0000", "b\\": "\\\\ud800" },
    { a: "\\u0000", "b\\": "\\\\ud800" },
  ],
  [
    { a: "\\\0", "\ud800": "\\\udfff\\" },
    { a: "\\\ufffd", "\ufffd": "\\\ufffd\\" },
  ],
  ["\ud83d\ude00\ude00\u001b\u2028", "\ud83d\ude00\ufffd\u001b\u2028"],
  [
    [null, 1, true, {}],
    [null, 1, true, {}],
  ],
])("%j is stored as %j", (value, stored) => {
  expect(JSON.parse(stringify(value))).toEqual(stored);
});
