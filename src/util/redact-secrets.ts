import { isJsonObject, type Json } from "./json.js";
import { SizedCache } from "./sized-cache.js";

export const REDACTED = "[redacted]";

/** Minimum length of a text that is redacted. Shorter ones are part of too many words. */
const MIN_SECRET_LENGTH = 4;

const HTML_ENTITIES: Readonly<Record<string, string[]>> = {
  "&": ["&amp;", "&#38;"],
  "<": ["&lt;", "&#60;"],
  ">": ["&gt;", "&#62;"],
  '"': ["&quot;", "&#34;"],
  "'": ["&#39;", "&#x27;", "&apos;"],
};

/** Returns all spellings of a character: itself, and escaped for JSON, HTML, URLs and forms. */
function listEncodings(character: string): string[] {
  const encoded = encodeURIComponent(character);
  const percent = encoded.startsWith("%") ? encoded : `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  const unicode = [...character].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [
    character,
    JSON.stringify(character).slice(1, -1),
    percent,
    percent.toLowerCase(),
    ...(character.length === 1 ? unicode : []),
    ...(character === " " ? ["+"] : []),
    ...(HTML_ENTITIES[character] ?? []),
  ];
}

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
/** The memory of a pattern for each character of the secret. */
const BYTES_PER_CHARACTER = 500;
const patterns = new SizedCache<RegExp>(10_000_000);

/** Returns a pattern with all spellings of each character: templates escape parts of a text, and URLs are normalized. */
function getPattern(secret: string): RegExp {
  let pattern = patterns.get(secret);
  if (pattern === undefined) {
    const source = [...secret]
      .map((character) => `(?:${[...new Set(listEncodings(character))].map(escapeRegExp).join("|")})`)
      .join("");
    pattern = new RegExp(source, "g");
    patterns.set(secret, pattern, BYTES_PER_CHARACTER * secret.length);
  }
  return pattern;
}

/** Minimum length of a secret that is also redacted in base64 and hex. Parts of shorter ones are not specific enough. */
const MIN_ENCODED_LENGTH = 8;
const encodedForms = new SizedCache<string[]>(10_000_000);

/**
 * Returns the characters of base64 that a secret decides, when other bytes precede and follow it: `offset` is the number of
 * preceding bytes modulo 3.
 */
function encodeInBase64(secret: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), secret]).toString("base64");
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + secret.length) * 8) / 6));
}

/** Returns a secret in hex and base64, also as a part of a longer text such as `Bearer <key>`. */
function getEncodedForms(secret: string): string[] {
  let forms = encodedForms.get(secret);
  if (forms === undefined) {
    const bytes = Buffer.from(secret);
    const hex = bytes.toString("hex");
    // The whole secret has padding, which would stay behind the parts.
    const base64 = [bytes.toString("base64"), ...[0, 1, 2].map((offset) => encodeInBase64(bytes, offset))];
    const inUrls = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
    const escaped = base64.flatMap((text) => [encodeURIComponent(text), text.replaceAll("/", "\\/")]);
    const found = new Set([hex, hex.toUpperCase(), ...base64, bytes.toString("base64url"), ...inUrls, ...escaped]);
    forms = [...found].sort((a, b) => b.length - a.length);
    encodedForms.set(secret, forms, BYTES_PER_CHARACTER * secret.length);
  }
  return forms;
}

/** Replaces each secret in a text, however its characters are escaped or encoded. */
export function redactText(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET_LENGTH) continue;
    clean = clean.replace(getPattern(secret), REDACTED);
    if (secret.length < MIN_ENCODED_LENGTH) continue;
    for (const form of getEncodedForms(secret)) if (clean.includes(form)) clean = clean.replaceAll(form, REDACTED);
  }
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

/** Returns every text of a JSON value that a template could print, longest first. */
export function collectTexts(value: Json): string[] {
  const texts: string[] = [];
  const visit = (node: Json): void => {
    if (typeof node === "string") texts.push(node);
    else if (typeof node === "number") texts.push(String(node));
    else if (Array.isArray(node)) for (const item of node) visit(item);
    else if (isJsonObject(node)) for (const item of Object.values(node)) if (item !== undefined) visit(item);
  };
  visit(value);
  return texts.filter((text) => text.length >= MIN_SECRET_LENGTH).sort((a, b) => b.length - a.length);
}
