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
