import type { Json } from "./json.js";
import { toTextPosition } from "./json-location.js";

type JsonResult = { value: Json } | { error: string; line: number; column: number };

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

const INVISIBLE_CHARACTER = /[\p{Z}\p{Cf}\ufeff]/u;

/** Returns a description of an error by the character at its offset, if that is more specific than the parser's. */
function describeCharacter(code: string, source: string, offset: number): string | undefined {
  const at = String.fromCodePoint(source.codePointAt(offset) ?? 0x20);
  if (/[}\]]/.test(at) && /,\s*$/.test(source.slice(0, offset))) return "remove the comma before this";
  if (code !== "InvalidSymbol") return undefined;
  if (/[“”„«»]/.test(at)) return `JSON strings need double quotes ("), not typographic ones (${at})`;
  if (/['‘’`]/.test(at)) return `JSON strings need double quotes ("), not single quotes (${at})`;
  if (!INVISIBLE_CHARACTER.test(at)) return undefined;
  const number = (at.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return `JSON does not allow this blank (U+${number})`;
}

/** Parses strict JSON. An error has a line and a column, counted from 1; the parser that finds them is loaded only then. */
export async function parseJson(text: string): Promise<JsonResult> {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return { value: JSON.parse(source) as Json };
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
    return {
      error:
        source.trim() === ""
          ? "it is empty"
          : first
            ? (describeCharacter(printParseErrorCode(first.error), source, offset) ??
              ERROR_MESSAGES[printParseErrorCode(first.error)] ??
              "not valid JSON")
            : (error as Error).message,
      ...toTextPosition(source, offset),
    };
  }
}
