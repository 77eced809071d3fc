import { describeValue } from "./parse-moment.js";

/**
 * Returns a number or the text of a whole number as a whole number, as standard Liquid reads counts and positions. Fractions
 * are cut off. Throws for other values; `argumentName` is the filter or parameter that the error names.
 */
export function parseWholeNumber(value: unknown, argumentName: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return Math.trunc(value);
  if (typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value)) return Number(value);
  throw new Error(`${argumentName}: ${describeValue(value ?? null)} is not a whole number`);
}

/**
 * Returns a filter's locale in the form that Intl accepts: `en` for nil and blank text, `fr-BE` for `fr_BE`. Intl knows all
 * locales of T-065. Throws for a locale that Intl does not know (T-065, T-066).
 */
export function parseLocaleArgument(value: unknown, filter: string): string {
  if (value === null || value === undefined || value === "") return "en";
  const name = typeof value === "string" ? value.trim().replaceAll("_", "-") : "";
  try {
    const [known] = Intl.NumberFormat.supportedLocalesOf(name === "" ? [] : [name]);
    if (known !== undefined) return known;
  } catch {
    // Intl throws for text that does not have the form of a locale; the error below says so
  }
  throw new Error(`${filter}: ${describeValue(value)} is not a known locale; use one such as "en-GB" or "de"`);
}
