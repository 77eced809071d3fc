import { Buffer } from "node:buffer";
import { toValue } from "liquidjs";
import { chargeLength } from "./charge-memory.js";
import { parseWholeNumber } from "./parse-arguments.js";
import { describeValue } from "./parse-moment.js";
import type { FilterThis, RegisterFilter } from "./render-services.js";

/** Returns the text of a filter's input or argument. Empty for nil. */
type ToText = (filter: FilterThis, value: unknown) => string;

function slice(filter: FilterThis, value: unknown, begin: unknown, length: unknown, text: ToText): unknown {
  const start = parseWholeNumber(begin, "slice");
  const count = length === null || length === undefined ? 1 : parseWholeNumber(length, "slice");
  const items = Array.isArray(value) ? value : [...text(filter, value)];
  const from = start < 0 ? start + items.length : start;
  const kept = from < 0 || count < 0 ? [] : items.slice(from, from + count);
  return Array.isArray(value) ? kept : kept.join("");
}

/**
 * Splits a text as standard Liquid does: a single space splits at any white space, an empty separator between characters, and
 * empty pieces at the end are dropped.
 */
function split(value: string, separator: string): string[] {
  if (value === "") return [];
  if (separator === "") return [...value]; // `String.split` would cut emoji into halves.
  const pieces = separator === " " ? value.trim().split(/[ \t\r\n\f\v]+/) : value.split(separator);
  while (pieces.length > 0 && pieces.at(-1) === "") pieces.pop();
  return pieces;
}

function truncate(value: string, length: number, end: string): string {
  const characters = [...value];
  if (characters.length <= length) return value;
  return characters.slice(0, Math.max(0, length - [...end].length)).join("") + end;
}

function truncateWords(value: string, length: number, end: string): string {
  const words = value.split(/\s+/).filter((word) => word !== "");
  const count = Math.max(1, length);
  return words.length <= count ? value : words.slice(0, count).join(" ") + end;
}

/** Returns whether the template passes no argument at the index, because an argument that is nil is not a missing one. */
const isArgumentMissing = ({ token }: FilterThis, index: number): boolean => token.args.length <= index;

/** Returns the default for nil, false and empty values. `allow_false` can come before or after the default. */
function applyDefault(self: FilterThis, value: unknown, args: readonly unknown[]): unknown {
  let [defaultValue, allowsFalse]: [unknown, boolean] = ["", false];
  for (const [index, written] of self.token.args.entries()) {
    if (!Array.isArray(written)) defaultValue = args[index];
    else if (written[0] === "allow_false") {
      const named = args[index];
      const allowFalse: unknown = toValue(Array.isArray(named) ? named[1] : undefined);
      allowsFalse = allowFalse !== false && allowFalse !== null && allowFalse !== undefined;
    }
  }
  const plain: unknown = toValue(value);
  if (plain === false) return allowsFalse ? value : defaultValue;
  if (plain === null || plain === undefined || plain === "") return defaultValue;
  return typeof plain === "object" && Object.keys(plain).length === 0 ? defaultValue : value;
}

/** Registers the text filters in which liquidjs differs from standard Liquid. `raw` registers without unwrapping (T-001). */
export function registerTextFilters(register: RegisterFilter, raw: RegisterFilter, text: ToText): void {
  register("slice", function (this: FilterThis, value: unknown, begin: unknown, length: unknown) {
    return slice(this, value, begin, length, text);
  });
  register("split", function (this: FilterThis, value: unknown, separator: unknown) {
    return split(text(this, value), text(this, separator));
  });
  register("truncate", function (this: FilterThis, value: unknown, length: unknown, end: unknown) {
    const count = isArgumentMissing(this, 0) ? 50 : parseWholeNumber(length, "truncate");
    return value === null || value === undefined
      ? value
      : truncate(text(this, value), count, isArgumentMissing(this, 1) ? "..." : text(this, end));
  });
  register("truncatewords", function (this: FilterThis, value: unknown, length: unknown, end: unknown) {
    const count = isArgumentMissing(this, 0) ? 15 : parseWholeNumber(length, "truncatewords");
    return value === null || value === undefined
      ? value
      : truncateWords(text(this, value), count, isArgumentMissing(this, 1) ? "..." : text(this, end));
  });
  raw("replace", function (this: FilterThis, value: unknown, found: unknown, other: unknown) {
    const [source, pattern, replacement] = [text(this, value), text(this, found), text(this, other)];
    const pieces = source.split(pattern);
    chargeLength(this, source.length + replacement.length * pieces.length);
    if (pattern === "") return source === "" ? replacement : `${replacement}${pieces.join(replacement)}${replacement}`;
    return pieces.join(replacement);
  });
  register("url_encode", function (this: FilterThis, value: unknown) {
    return encodeURIComponent(text(this, value))
      .replaceAll("%20", "+")
      .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  });
  register("base64_url_safe_encode", function (this: FilterThis, value: unknown) {
    return Buffer.from(text(this, value)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  });
  register("base64_url_safe_decode", function (this: FilterThis, value: unknown) {
    const encoded = text(this, value);
    if (!/^[\w-]*={0,2}$/.test(encoded) || encoded.replaceAll("=", "").length % 4 === 1)
      throw new Error(`base64_url_safe_decode: ${describeValue(value)} is not base64`);
    return Buffer.from(encoded, "base64url").toString();
  });
  raw("default", function (this: FilterThis, value: unknown, ...args: unknown[]) {
    return applyDefault(this, value, args);
  });
}
