import { describeValue } from "./parse-moment.js";

/**
 * A filter's locale as Intl takes it: nil and blank are `en` (T-066), `fr_BE` is `fr-BE`. Accepted is what Intl knows, which
 * holds the whole list of T-065; anything else throws.
 */
export function parseLocaleArgument(value: unknown, filter: string): string {
  if (value === null || value === undefined || value === "") return "en";
  const name = typeof value === "string" ? value.trim().replaceAll("_", "-") : "";
  try {
    const [known] = Intl.NumberFormat.supportedLocalesOf(name === "" ? [] : [name]);
    if (known !== undefined) return known;
  } catch {
    // not the form of a locale
  }
  throw new Error(`${filter}: ${describeValue(value)} is no known locale; use one such as "en-GB" or "de"`);
}
