/**
 * Characters that a terminal obeys or that reorder text: C0 except line feed and tab, DEL, C1, and Unicode's bidirectional
 * embeddings, overrides and isolates.
 */
const CONTROLS = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069";

const ANY_CONTROL = new RegExp(`[${CONTROLS}]`, "g");
const ANY_CONTROL_OR_BREAK = new RegExp(`[${CONTROLS}\\n\\t]`, "g");
/** Characters that `JSON.stringify` leaves as they are. */
const IN_JSON = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** The character as JSON writes it, so that printed JSON stays valid. */
function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Escapes what a terminal would obey; line breaks and tabs stay, CR LF becomes a line break. */
export function escapeControls(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(ANY_CONTROL, escapeCharacter);
}

/** Escapes line breaks and tabs as well: for names and messages, which could otherwise pretend to be lines of their own. */
export function escapeToOneLine(text: string): string {
  return text.replace(ANY_CONTROL_OR_BREAK, escapeCharacter);
}

/** JSON that a terminal can show; it parses to the same value. */
export function escapeJson(json: string): string {
  return json.replace(IN_JSON, escapeCharacter);
}
