import { describeValue } from "./parse-moment.js";

/**
 * Returns a value as a whole number, as standard Liquid has it where it counts: fractions are cut, and the text of a whole
 * number is one. Throws for anything else; `what` names the filter or the parameter.
 */
export function parseWholeNumber(value: unknown, argumentName: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return Math.trunc(value);
  if (typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value)) return Number(value);
  throw new Error(`${argumentName}: ${describeValue(value ?? null)} is not a whole number`);
}
