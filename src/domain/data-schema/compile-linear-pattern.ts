import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { RE2JS } from "re2js";

/** An error for syntax that RE2 does not support or that needs backtracking, such as lookaround and backreferences. */
class BacktrackingRequiredError extends Error {}

/** The code points of ECMAScript's `\s` as ascending ranges. RE2's `\s` matches ASCII only. */
const WHITE_SPACE_RANGES: readonly (readonly [number, number])[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const LAST_CODE_POINT = 0x10ffff;

const escapeCodePoint = (value: number): string => `\\x{${value.toString(16)}}`;
const formatRange = (from: number, to: number): string => `${escapeCodePoint(from)}-${escapeCodePoint(to)}`;

function translateWhiteSpace(negate: boolean): string {
  if (!negate) return WHITE_SPACE_RANGES.map(([from, to]) => formatRange(from, to)).join("");
  let start = 0;
  const others = WHITE_SPACE_RANGES.map(([from, to]) => {
    const before = formatRange(start, from - 1);
    start = to + 1;
    return before;
  });
  return `${others.join("")}${formatRange(start, LAST_CODE_POINT)}`;
}

/** Returns a set such as `\d` or `\p{L}` as RE2 writes it inside brackets. */
function translateCharacterSet(set: AST.EscapeCharacterSet | AST.UnicodePropertyCharacterSet): string {
  switch (set.kind) {
    case "digit":
      return set.negate ? "\\D" : "\\d";
    case "word":
      return set.negate ? "\\W" : "\\w";
    case "space":
      return translateWhiteSpace(set.negate);
    case "property":
      // RE2 supports scripts and the short names of general categories. It rejects all other properties.
      if (set.key.startsWith("Script_E") || set.key === "scx") throw new BacktrackingRequiredError(set.key);
      return `\\${set.negate ? "P" : "p"}{${set.value ?? set.key}}`;
  }
}

function translateCharacterClass({ negate, elements }: AST.CharacterClass): string {
  const inner = elements.map((element) => {
    if (element.type === "Character") return escapeCodePoint(element.value);
    if (element.type === "CharacterClassRange") return formatRange(element.min.value, element.max.value);
    if (element.type === "CharacterSet") return translateCharacterSet(element);
    throw new BacktrackingRequiredError(element.type); // only the flag v allows other elements, and JSON Schema does not use it
  });
  if (inner.length === 0) return `[${negate ? "" : "^"}${formatRange(0, LAST_CODE_POINT)}]`;
  return `[${negate ? "^" : ""}${inner.join("")}]`;
}

const translateAlternatives = (list: readonly AST.Alternative[]): string =>
  list.map(({ elements }) => elements.map(translateElement).join("")).join("|");

function translateElement(element: AST.Element): string {
  switch (element.type) {
    case "Character":
      return escapeCodePoint(element.value);
    case "CharacterClass":
      return translateCharacterClass(element);
    case "CharacterSet":
      return element.kind === "any" ? "[^\\n\\r\\x{2028}\\x{2029}]" : `[${translateCharacterSet(element)}]`;
    case "Group":
    case "CapturingGroup":
      return `(?:${translateAlternatives(element.alternatives)})`;
    case "Quantifier": {
      const { min, max, element: repeated } = element;
      // Whether it is greedy changes what is captured, never whether there is a match.
      return `(?:${translateElement(repeated)}){${min},${max === Number.POSITIVE_INFINITY ? "" : max}}`;
    }
    case "Assertion":
      if (element.kind === "start") return "\\A";
      if (element.kind === "end") return "\\z";
      if (element.kind === "word") return element.negate ? "\\B" : "\\b";
      throw new BacktrackingRequiredError(element.kind);
    default:
      throw new BacktrackingRequiredError(element.type);
  }
}

/**
 * Compiles an ECMAScript pattern (with the flag u, as in JSON Schema) to a test whose time is linear in the length of
 * the text. Returns null if the syntax needs backtracking or exceeds RE2's limits. The pattern must be valid.
 */
export function compileLinearPattern(pattern: string, { ignoreCase = false } = {}): ((text: string) => boolean) | null {
  try {
    const parsed = new RegExpParser().parsePattern(pattern, 0, pattern.length, { unicode: true });
    const compiled = RE2JS.compile(translateAlternatives(parsed.alternatives), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return (text) => compiled.test(text);
  } catch {
    return null;
  }
}
