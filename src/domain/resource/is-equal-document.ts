import { isJsonObject, type Json, stableStringify } from "../../util/json.js";

/** Returns a text with line feeds only: Git changes line ends on Windows. */
export const normalizeLineEnds = (text: string): string => text.replaceAll("\r\n", "\n");

/** Returns a document whose texts have line feeds only. */
export function normalizeDocument(value: Json): Json {
  if (typeof value === "string") return normalizeLineEnds(value);
  if (Array.isArray(value)) return value.map(normalizeDocument);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, normalizeDocument(child)]));
}

/**
 * Returns a text that is equal for equal documents. The order of keys and line ends do not matter, nor whether a field of the
 * document itself is null or missing: the API returns null for fields that a file leaves out.
 */
export function toComparableText(document: Json): string {
  if (!isJsonObject(document)) return stableStringify(normalizeDocument(document));
  const entries = Object.entries(document).filter(([, value]) => value !== null);
  return stableStringify(normalizeDocument(Object.fromEntries(entries)));
}

export const isEqualDocument = (a: Json, b: Json): boolean => toComparableText(a) === toComparableText(b);
