import type { Json } from "./json.js";
import { toTextPosition } from "./text-positions.js";

/** An error has a line and a column, counted from 1, and a hint if its fix is known. */
type JsonResult = { value: Json } | { error: string; line: number; column: number; hint?: string };

const ERROR_MESSAGES: Record<string, string> = {
  InvalidSymbol: "unexpected word",
  InvalidNumberFormat: "not a number",
  PropertyNameExpected: "expected a property name in double quotes",
  ValueExpected: "expected a value",
  ColonExpected: "expected a colon",
  CommaExpected: "expected a comma",
  CloseBraceExpected: "expected a closing brace",
  CloseBracketExpected: "expected a closing bracket",
  EndOfFileExpected: "unexpected text after the end",
  InvalidCommentToken: "comments are not JSON",
  UnexpectedEndOfString: "a string is not closed",
  UnexpectedEndOfNumber: "a number is cut off",
  InvalidUnicode: "a unicode escape is not valid",
  InvalidEscapeCharacter: "an escape is not valid",
  InvalidCharacter: "a character is not allowed in a string",
};

/** Fixes of errors that have one probable cause. */
const HINTS: Record<string, string> = {
  PropertyNameExpected: "Put the name of the property in double quotes.",
  ColonExpected: "Add a colon after the name of the property.",
  CommaExpected: "Add a comma before this.",
  CloseBraceExpected: "Add the missing } at the end.",
  CloseBracketExpected: "Add the missing ] at the end.",
  UnexpectedEndOfString: "Add the missing double quote at the end of the text.",
};

/** Returns whether the closing brace or bracket at an offset follows a comma. */
const isAfterComma = (source: string, offset: number): boolean =>
  /[}\]]/.test(source[offset] ?? "") && /,\s*$/.test(source.slice(0, offset));

/** Returns whether the comma at an offset follows another one, or the start of an object or a list. */
const isExtraComma = (source: string, offset: number): boolean =>
  source[offset] === "," && /[,[{]\s*$/.test(source.slice(0, offset));

/** Returns how to fix an error; undefined if there are several ways. */
function findHint(code: string, source: string, offset: number): string | undefined {
  const at = source[offset] ?? "";
  if (isAfterComma(source, offset)) return `Remove the comma before this ${at}.`;
  if (isExtraComma(source, offset)) return "Remove this comma.";
  if (/[}\]]/.test(at) && code === "EndOfFileExpected") return `Remove this ${at}.`;
  // A closing brace before this one is one too many or missing.
  if (/[}\]]/.test(at) && code === "CommaExpected")
    return `The braces and brackets before this ${at} do not match: remove an extra one, or add a missing one.`;
  return HINTS[code];
}

/** Returns a description of an error by the character at its offset, if that is more specific than the parser's. */
function describeCharacter(code: string, source: string, offset: number): string | undefined {
  const at = String.fromCodePoint(source.codePointAt(offset) ?? 0x20);
  if (isAfterComma(source, offset)) return `unexpected comma before ${at}`;
  if (isExtraComma(source, offset)) return "unexpected comma";
  if (code !== "InvalidSymbol") return undefined;
  if (/[“”„«»]/.test(at)) return `JSON strings need double quotes ("), not typographic ones (${at})`;
  if (/['‘’`]/.test(at)) return `JSON strings need double quotes ("), not single quotes (${at})`;
  if (!/[\p{Z}\p{Cf}\ufeff]/u.test(at)) return undefined;
  const number = (at.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return `JSON does not allow this blank (U+${number})`;
}

/**
 * Returns whether a value has a number beyond the largest one, such as `1e400`. It would be stored as null. The search is not
 * recursive, because the depth of the value is checked later.
 */
function hasOverflow(root: Json): boolean {
  const pending: Json[][] = [[root]];
  for (let values = pending.pop(); values !== undefined; values = pending.pop())
    for (const value of values) {
      if (typeof value === "number" && !Number.isFinite(value)) return true;
      if (typeof value === "object" && value !== null)
        pending.push(Array.isArray(value) ? value : Object.values(value));
    }
  return false;
}

/** Returns the error of the first number beyond the largest one. */
async function describeOverflow(source: string): Promise<JsonResult> {
  const { visit } = await import("jsonc-parser");
  let found = source.length;
  try {
    visit(source, {
      onLiteralValue(value, offset) {
        if (typeof value !== "number" || Number.isFinite(value)) return;
        found = offset;
        // A long text is not read further.
        throw new Error("found");
      },
    });
  } catch {
    // It was found, or the text is nested too deeply for a recursive parser, whose position is lost.
  }
  const error = "a number is too large";
  return { error, ...toTextPosition(source, found), hint: "The largest number is about 1.8e308. Use a text instead." };
}

/** Parses strict JSON. An error has a line and a column, counted from 1; the parser that finds them is loaded only then. */
export async function parseJson(text: string): Promise<JsonResult> {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    const value: Json = JSON.parse(source);
    return hasOverflow(value) ? await describeOverflow(source) : { value };
  } catch (error) {
    const { printParseErrorCode, visit } = await import("jsonc-parser");
    let first: { error: number; offset: number } | undefined;
    try {
      // A long text is not read further than its first error.
      const onError = (code: number, at: number): void => {
        first ??= { error: code, offset: at };
        throw error;
      };
      visit(source, { onError }, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
    } catch {
      // The first error, or a text that is nested too deeply for a recursive parser, whose position is lost.
    }
    const offset = first?.offset ?? source.length;
    const position = toTextPosition(source, offset);
    if (source.trim() === "") return { error: "it is empty", ...position };
    if (first === undefined) return { error: (error as Error).message, ...position };
    const code = printParseErrorCode(first.error);
    const special = describeCharacter(code, source, offset);
    const hasHint = special === undefined || isAfterComma(source, offset) || isExtraComma(source, offset);
    const hint = hasHint ? findHint(code, source, offset) : undefined;
    return {
      error: special ?? ERROR_MESSAGES[code] ?? "invalid JSON",
      ...position,
      ...(hint === undefined ? {} : { hint }),
    };
  }
}
