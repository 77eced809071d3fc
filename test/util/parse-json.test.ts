import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/util/parse-json.js";
import { getPropertyRuns } from "../helpers/get-property-runs.js";
import { hasInfinity } from "../helpers/has-infinity.js";

describe("parseJson", () => {
  it.each<[string, string, number, number]>([
    ["", "it is empty", 1, 1],
    [" \n ", "it is empty", 2, 2],
    ["{", "expected a closing brace", 1, 2],
    ["[", "expected a closing bracket", 1, 2],
    ["{a:1}", "unexpected word", 1, 2],
    ["{'a':1}", "JSON strings need double quotes (\"), not single quotes (')", 1, 2],
    ["{“a”:1}", 'JSON strings need double quotes ("), not typographic ones (“)', 1, 2],
    ['{"a":„b”}', 'JSON strings need double quotes ("), not typographic ones („)', 1, 6],
    ['{"a":1,}', "unexpected comma before }", 1, 8],
    ['{"a":1,\n}', "unexpected comma before }", 2, 1],
    ['{"a":1,,"b":2}', "unexpected comma", 1, 8],
    ["[1,]", "unexpected comma before ]", 1, 4],
    ["[1 2]", "expected a comma", 1, 4],
    ["[1,,2]", "unexpected comma", 1, 4],
    ['{"a":1, ,"b":2}', "unexpected comma", 1, 9],
    ['{,"a":1}', "unexpected comma", 1, 2],
    ['{"a" 1}', "expected a colon", 1, 6],
    ['{"a":1]', "expected a comma", 1, 7],
    ["01", "unexpected text after the end", 1, 2],
    ["{} {}", "unexpected text after the end", 1, 4],
    ["1.", "a number is cut off", 1, 1],
    ["1e", "a number is cut off", 1, 1],
    ["+1", "unexpected word", 1, 1],
    ["1e400", "a number is too large", 1, 1],
    ['{\n  "a": ["1e400", 1e300, -1e400]\n}', "a number is too large", 2, 25],
    [`{"a":1,"b":${"9".repeat(400)}}`, "a number is too large", 1, 12],
    ["NaN", "unexpected word", 1, 1],
    ['{"a":undefined}', "unexpected word", 1, 6],
    ['"\\x"', "an escape is not valid", 1, 1],
    ['"\\u12"', "a unicode escape is not valid", 1, 1],
    ['"a', "a string is not closed", 1, 1],
    ['"a\nb"', "a string is not closed", 1, 1],
    ['"\t"', "a character is not allowed in a string", 1, 1],
    ["// no\n{}", "comments are not JSON", 1, 1],
    ['{\n  "a": 1,\n  "b": tru\n}', "unexpected word", 3, 8],
    ['{\r\n  "a": 1\r\n  "b": 2\r\n}', "expected a comma", 3, 3],
    ["\ufeff{\n x}", "unexpected word", 2, 2],
    ["\u00a0{}", "JSON does not allow this blank (U+00A0)", 1, 1],
    ["\u200b{}", "JSON does not allow this blank (U+200B)", 1, 1],
  ])("reports for %j: %s at %d:%d", async (text, error, line, column) => {
    expect(await parseJson(text)).toMatchObject({ error, line, column });
  });

  it.each<[string, string | undefined]>([
    ['{"a":{"b":1}', "Add the missing } at the end."],
    ['["a"', "Add the missing ] at the end."],
    ['["a" "b"]', "Add a comma before this."],
    ["[1,,2]", "Remove this comma."],
    ['{"a":1}}', "Remove this }."],
    [
      '[{"a":{"b":1}}}]',
      "The braces and brackets before this } do not match: remove an extra one, or add a missing one.",
    ],
    ['{"a" 1}', "Add a colon after the name of the property."],
    ['{"a":"b', "Add the missing double quote at the end of the text."],
    ["nope", undefined],
  ])("suggests for %j: %s", async (text, hint) => {
    const parsed = await parseJson(text);
    expect("hint" in parsed ? parsed.hint : undefined).toBe(hint);
  });

  it.each(["\ufeff{}", " {}\n", "{}"])("parses %j, also with a byte order mark", async (text) => {
    expect(await parseJson(text)).toEqual({ value: {} });
  });

  it("accepts everything that JSON.parse accepts, and locates every other error", async () => {
    const valid = fc.json({ maxDepth: 3 });
    const broken = fc
      .tuple(valid, fc.nat(), fc.constantFrom("", ",", "}", "]", '"', ":", "x", "\n", "\\", "/", "-", "\u0000"))
      .map(
        ([text, at, piece]) => text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + 1),
      );
    await fc.assert(
      fc.asyncProperty(fc.oneof(valid, broken, fc.string()), async (text) => {
        const parsed = await parseJson(text);
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          if ("value" in parsed) throw new Error("took what JSON.parse refuses");
          expect(parsed.error).not.toMatch(/JSON at position|Unexpected token/);
          const lines = text.split("\n");
          expect(parsed.line).toBeGreaterThanOrEqual(1);
          expect(parsed.line).toBeLessThanOrEqual(lines.length);
          expect(parsed.column).toBeGreaterThanOrEqual(1);
          expect(parsed.column).toBeLessThanOrEqual((lines[parsed.line - 1] as string).length + 1);
          return;
        }
        // Numbers that become infinite are refused, although JSON.parse accepts them.
        if (hasInfinity(expected)) expect(parsed).toMatchObject({ error: "a number is too large" });
        else expect(parsed).toEqual({ value: expected });
      }),
      getPropertyRuns(5_000),
    );
  });

  it("handles a depth of 100,000, closed or unclosed", async () => {
    const open = "[".repeat(100_000);
    expect("value" in (await parseJson(open + "]".repeat(100_000)))).toBe(true);
    expect(await parseJson(open)).toMatchObject({ line: 1 });
    expect(await parseJson(`${open}x`)).toMatchObject({ line: 1 });
  });

  it("keeps a __proto__ key as an ordinary key", async () => {
    const parsed = await parseJson('{"__proto__":{"polluted":1}}');
    expect("value" in parsed && Object.keys(parsed.value as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
