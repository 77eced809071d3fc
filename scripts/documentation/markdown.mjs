// Writes parts of Markdown pages.

/** Columns of JSON in a block of code. */
const MAX_JSON_WIDTH = 100;

/** Returns text for a cell of a table. */
const formatCell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", "<br>");

/** Returns a table. Columns without any value are left out. */
export function formatTable(headings, rows) {
  const columns = headings.map((_, index) => index).filter((index) => rows.some((row) => row[index]));
  const line = (cells) => `| ${columns.map((index) => formatCell(cells[index] ?? "")).join(" | ")} |`;
  return [line(headings), `|${columns.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

/** Returns a block of code. The fence is longer than any fence in the text. */
export function formatCode(text, language = "") {
  const longest = Math.max(2, ...[...text.matchAll(/^`+/gm)].map(([fence]) => fence.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n+$/, "")}\n${fence}`;
}

/** Returns JSON in which objects and lists that fit into a line are in one line. */
export function formatJson(value, indent = "") {
  const line = JSON.stringify(value, null, 1)
    .replaceAll(/\n\s*/g, " ")
    .replaceAll(/(?<=\[) | (?=\])/g, "");
  if (typeof value !== "object" || value === null || indent.length + line.length <= MAX_JSON_WIDTH) return line;
  const inner = `${indent}  `;
  const entries = Array.isArray(value)
    ? value.map((item) => formatJson(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${formatJson(item, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${entries.map((entry) => inner + entry).join(",\n")}\n${indent}${close}`;
}

/** Returns a code span. */
export function formatCodeSpan(text) {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Returns the anchor that the repository's site gives a heading. */
export function toAnchor(heading) {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

/** Words of a text that are typed, or that files and output contain. */
const CODE_WORDS = [
  /`[^`]*`/, // is code already
  /\{ ?"[^}]*\}/, // JSON
  /"[^\s"]+"/, // a quoted value
  /--?[a-z][\w-]*(?![\w-])/, // a flag
  /[^\s"'(]*<[a-z_/-]+>(?:[^\s"'(),;:.<]|\.(?=\w)|<[a-z_/-]+>)*/, // a placeholder
  /[\w./~@*-]*\.(?:json|jsonl|ndjson|md|db|html|yaml)\b/, // a file, or a pattern of files
  /\/[^\s/]+\$\/(?=[\s.,)]|$)/, // a regular expression that ends with $
  /\b[a-z]+\/(?=[\s).,;:]|$)/, // a folder
  /\b[\w:]+(?::=|>=|=)\w+/, // an assignment or a rule
  /\b[a-z]+(?:[._][a-z]+)+\b/, // a name of the API, or a path
  /\bKNOCK_[A-Z_]+/, // an environment variable
  /\$[A-Z_]+\b/, // a reference to a variable
  /:memory:|@-|@file\b|(?<=\s)--?(?=\s)/,
];
const CODE_WORD = new RegExp(`((?<![\\w./"-])(?:${CODE_WORDS.map(({ source }) => source).join("|")}))`);
/** A list of at least three values at the end of a text. */
const VALUES = /(?<=: )\w+(?:, \w+){2,}(?=\.?$)/;

function formatCodeWord(word) {
  if (word.startsWith("`")) return word;
  return formatCodeSpan(/^"[^"]*"$/.test(word) ? word.slice(1, -1) : word);
}

/** Returns plain text of the program for Markdown: words that are typed become code, and other characters are escaped. */
export function formatProse(text) {
  return text
    .replace(VALUES, (values) => values.replaceAll(/\w+/g, "`$&`"))
    .split(CODE_WORD)
    .map((part, index) => (index % 2 === 0 ? part.replaceAll(/[<>*]|__/g, "\\$&") : formatCodeWord(part)))
    .join("");
}

/** Returns text as a sentence: with a capital letter and a full stop. */
export function toSentence(text) {
  const start = /^[a-z]+(?=[ ,:;]|$)/.test(text) ? text[0].toUpperCase() + text.slice(1) : text;
  return formatProse(/[.!?]$/.test(start) ? start : `${start}.`);
}

/** Returns a default value: as code if it is a value, as text if it describes one. */
export const formatDefault = (value) =>
  value === null ? "" : value.includes(" ") ? formatProse(value) : `\`${value}\``;

/** Joins the parts of a page with empty lines. Missing parts are left out. */
export const joinParts = (...parts) =>
  parts
    .flat(Number.POSITIVE_INFINITY)
    .filter((part) => part !== undefined && part !== null && part !== "")
    .join("\n\n");
