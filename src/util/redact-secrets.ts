import { isJsonObject, type Json } from "./json.js";

export const REDACTED = "[redacted]";

/** Shorter texts are in too many words to be looked for. */
const SHORTEST = 4;

const HTML: Readonly<Record<string, string[]>> = {
  "&": ["&amp;", "&#38;"],
  "<": ["&lt;", "&#60;"],
  ">": ["&gt;", "&#62;"],
  '"': ["&quot;", "&#34;"],
  "'": ["&#39;", "&#x27;", "&apos;"],
};

/** Every way in which a character is written: as it is, and escaped for JSON, HTML, URLs and forms. */
function formsOf(character: string): string[] {
  const encoded = encodeURIComponent(character);
  const percent = encoded.startsWith("%") ? encoded : `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  const unicode = [...character].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [
    character,
    JSON.stringify(character).slice(1, -1),
    percent,
    percent.toLowerCase(),
    ...(character.length === 1 ? unicode : []),
    ...(character === " " ? ["+"] : []),
    ...(HTML[character] ?? []),
  ];
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
const patterns = new Map<string, RegExp>();

/** Templates escape parts of a text and URLs are normalized, so each character may be written in another way. */
function patternOf(secret: string): RegExp {
  let pattern = patterns.get(secret);
  if (pattern === undefined) {
    const source = [...secret].map((one) => `(?:${[...new Set(formsOf(one))].map(escaped).join("|")})`).join("");
    pattern = new RegExp(source, "g");
    if (patterns.size < 1_000) patterns.set(secret, pattern);
  }
  return pattern;
}

/** Replaces each secret in a text, whichever way its characters are escaped. */
export function redactText(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= SHORTEST) clean = clean.replace(patternOf(secret), REDACTED);
  return clean;
}

/** Replaces each secret in the texts of a JSON value, keys included. */
export function redactJson<T extends Json | undefined>(value: T, secrets: readonly string[]): T {
  if (secrets.length === 0) return value;
  if (typeof value === "string") return redactText(value, secrets) as T;
  if (typeof value === "number" && secrets.includes(String(value))) return REDACTED as T;
  if (Array.isArray(value)) return value.map((item) => redactJson(item, secrets)) as T;
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redactText(key, secrets), redactJson(item, secrets)]),
  ) as T;
}

/** Every text of a JSON value, longest first: what a template could print of it. */
export function textsIn(value: Json): string[] {
  const found: string[] = [];
  const visit = (one: Json): void => {
    if (typeof one === "string") found.push(one);
    else if (typeof one === "number") found.push(String(one));
    else if (Array.isArray(one)) for (const item of one) visit(item);
    else if (isJsonObject(one)) for (const item of Object.values(one)) if (item !== undefined) visit(item);
  };
  visit(value);
  return found.filter((text) => text.length >= SHORTEST).sort((a, b) => b.length - a.length);
}
