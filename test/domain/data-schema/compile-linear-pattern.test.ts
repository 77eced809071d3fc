import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileLinearPattern } from "../../../src/domain/data-schema/compile-linear-pattern.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../../../src/util/time-limit.js";

function agrees(pattern: string, text: string): void {
  let match: RegExpExecArray | null;
  try {
    match = runWithTimeLimit(20, () => new RegExp(pattern, "u").exec(text));
  } catch (error) {
    if (error instanceof TimeLimitExceeded) return; // The native engine is slow even for a few characters, so there is no result to compare with.
    throw error;
  }
  // V8 also tries `\B` between the two halves of an astral character, where the specification has no position.
  if (match && /[\ud800-\udbff]$/.test(text.slice(0, match.index)) && /^[\udc00-\udfff]/.test(text.slice(match.index)))
    return;
  const linear = runWithTimeLimit(10_000, () => compileLinearPattern(pattern)?.(text));
  expect([pattern, text, linear]).toEqual([pattern, text, match !== null]);
}

/**
 * Characters that engines treat differently: line ends, white space beyond ASCII, astral characters, unpaired
 * surrogates.
 */
const CHARACTERS = [
  "a",
  "A",
  "b",
  "1",
  "_",
  "-",
  "/",
  " ",
  "\n",
  "\r",
  "\u2028",
  "\u00a0",
  "\ufeff",
  "é",
  "ſ",
  "😀",
  "\ud800",
];
const text = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 8 }).map((parts) => parts.join(""));

const atom = fc.constantFrom(
  ...[
    "a",
    "b",
    "1",
    ".",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\b",
    "\\B",
    "^",
    "$",
    "[a-z]",
    "[^a-z]",
    "[\\s\\d]",
  ],
  ...[
    "[^\\S]",
    "[^\\W1]",
    "[]",
    "[^]",
    "\\u{1F600}",
    "\\ud83d\\ude00",
    "\\u2028",
    "\\n",
    "\\/",
    "\\-".slice(1),
    "\\x41",
    "\\cJ",
  ],
  ...["[\\-a]", "\\p{L}", "\\P{Lu}", "[\\p{Script=Latin}1]", "\\p{gc=Nd}", "[\\b]", "é", "😀", "[a-é]", "[\\0]"],
);
const assertions = new Set(["\\b", "\\B", "^", "$"]);
const quantifier = fc.constantFrom("", "", "*", "+", "?", "*?", "+?", "{2}", "{1,}", "{0,2}?");
const pattern = fc.letrec<{ pattern: string; term: string }>((tie) => ({
  term: fc
    .tuple(
      fc.oneof(
        { maxDepth: 3, depthSize: "small" },
        atom,
        tie("pattern").map((inner) => `(?:${inner})`),
        tie("pattern").map((inner) => `(${inner})`),
      ),
      quantifier,
    )
    .map(([inner, times]) => (assertions.has(inner) ? inner : `${inner}${times}`)),
  pattern: fc
    .array(fc.array(tie("term"), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((alternatives) => alternatives.map((terms) => terms.join("")).join("|")),
})).pattern;

describe("compileLinearPattern", () => {
  it("matches what the native engine matches", () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 5 }), (source, texts) => {
        for (const one of texts) agrees(source, one);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, string]>([
    ["(?<year>\\d{4})-\\d\\d$", "on 2026-01"],
    ["^\\p{Script=Greek}+$", "αβγ"],
    ["^[\\w.+-]+@[\\w-]+\\.[\\w.]+$", "a.b+c@d-e.example"],
    ["^.$", "😀"],
    ["^.$", "\u2029"],
  ])("agrees for %s on %j", agrees);

  it.each(["^(?=a)", "(?<!a)b", "(a)\\1", "(?<x>a)\\k<x>", "a{2000}", "\\p{Script_Extensions=Greek}"])(
    "returns null for %s, so that the native engine runs it",
    (source) => {
      expect(compileLinearPattern(source)).toBeNull();
    },
  );

  it.each(["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(.*a){20}$", "^(\\w+\\s?)+$"])(
    "takes linear time for %s",
    (source) => {
      expect(compileLinearPattern(source)?.(`${"a".repeat(20_000)}!\n`)).toBe(false);
    },
  );
});
