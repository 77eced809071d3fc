/**
 * Characters that control a terminal or reorder text: C0 except line feed and tab, DEL, C1, and Unicode's bidirectional
 * embeddings, overrides and isolates.
 */
const CONTROLS = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069";

const ANY_CONTROL = new RegExp(`[${CONTROLS}]`, "g");
const ANY_CONTROL_OR_BREAK = new RegExp(`[${CONTROLS}\\n\\t]`, "g");
/** Control characters that `JSON.stringify` does not escape. */
const IN_JSON = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Returns the JSON escape sequence of a character, so that printed JSON stays valid. */
function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Escapes control characters. Line breaks and tabs are kept; CR LF becomes a line break. */
export function escapeControls(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(ANY_CONTROL, escapeCharacter);
}

/**
 * Escapes control characters, line breaks and tabs. It is used for names and messages, which could otherwise look like
 * separate lines of output.
 */
export function escapeToOneLine(text: string): string {
  return text.replace(ANY_CONTROL_OR_BREAK, escapeCharacter);
}

/** Escapes JSON for a terminal; the result parses to the same value. */
export function escapeJson(json: string): string {
  return json.replace(IN_JSON, escapeCharacter);
}
