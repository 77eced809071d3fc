import fc from "fast-check";
import type { Json } from "../../../src/util/json.js";
import { listSlowTexts } from "../../helpers/hostile-inputs.js";
import { arbitraryJson } from "../../helpers/json-arbitraries.js";

/** Texts that are special somewhere: to a terminal, a path, a URL, a template, a pattern, a time or a number. */
const SPECIAL_TEXTS = [
  "\u001b]52;c;aGk=\u0007\u001b[2J\u009b31m",
  "a\u202eb\u2066c\u007f\u0085\r\nd\te",
  "\u0000",
  "\ud800",
  "\ufeff",
  "\u2028",
  "İ",
  "ﬀ",
  "👨‍👩‍👧",
  "../../etc/passwd",
  "/",
  "..",
  "C:\\x",
  "%00%2e%2e%2f",
  "%",
  "http://127.0.0.1:1/",
  "http://[::1]:99999/",
  "javascript:alert(1)",
  "file:///etc/passwd",
  "{{ data.a | map: 'b' }}",
  "{% for x in (1..9) %}{{ x }}{% endfor %}",
  "{% if",
  "{{ 'a' | t }}",
  "^(a+)+$",
  "(?<=a)b",
  "[",
  "a@b.test",
  "a@b.test\r\nBcc: c@d.test",
  "+15550000001",
  "2026-11-27T10:00:00Z",
  "2026-02-30T25:61:00+99:99",
  "+275760-09-13T00:00:00.001Z",
  "9007199254740993",
  "1e999",
  "-0",
  "NaN",
  "0x10",
  "P1D",
  "1d",
  "99999999999y",
  "true",
  "null",
  "[]",
  '{"a":1}',
  "data.a.b",
  "recipient.x[0]",
  "refs.step_1.status",
  "Europe/Berlin",
  "Etc/GMT+99",
  "de-AT",
  "x-",
];
const LONG_TEXTS = ["a".repeat(5_000), ...listSlowTexts(3_000).map(([, text]) => text)];

/** Generates texts: special ones, any characters, and both joined. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SPECIAL_TEXTS, ...LONG_TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...SPECIAL_TEXTS), { maxLength: 3 }).map((parts) => parts.join("")),
  },
);

const ODD_NUMBERS = [0, -1, 1, 0.5, 1e21, -1e21, 1e308, 2 ** 31, 2 ** 53, 8.64e15, 8.64e15 + 1, 5e-324];

/** Generates a value for any place of a document that has the given keys. */
export const hostileValue = (...keys: string[]): fc.Arbitrary<Json> =>
  fc.oneof(
    { weight: 3, arbitrary: hostileText as fc.Arbitrary<Json> },
    { weight: 1, arbitrary: fc.constantFrom<Json>(...ODD_NUMBERS) },
    { weight: 3, arbitrary: arbitraryJson(...keys) },
  );

/** Generates functions that return a text with a few deleted, repeated, replaced and inserted parts. */
export function textChange(inserted: fc.Arbitrary<string> = hostileText): fc.Arbitrary<(text: string) => string> {
  const change = fc.tuple(fc.nat(), fc.nat(12), fc.constantFrom("delete", "repeat", "replace", "insert"), inserted);
  return fc.array(change, { minLength: 1, maxLength: 4 }).map(
    (changes) => (sample: string) =>
      changes.reduce((text, [position, length, kind, part]) => {
        const at = text.length === 0 ? 0 : position % text.length;
        const [before, changed, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
        if (kind === "delete") return before + after;
        if (kind === "repeat") return before + changed.repeat(3) + after;
        return before + part + (kind === "replace" ? "" : changed) + after;
      }, sample),
  );
}

/** Generates a text that differs in a few places from one of the samples. */
export function changedText(samples: fc.Arbitrary<string>, inserted?: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(samples, textChange(inserted)).map(([text, change]) => change(text));
}
