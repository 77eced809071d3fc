import { KnockError } from "../../errors/knock-error.js";

/** Returns the port of an option. Throws `usage`. */
export function parsePort(option: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new KnockError("usage", `${option}: ${JSON.stringify(text)} must be a whole number from 0 to 65535`);
}

/** Returns the number of an option, which is above 0. Throws `usage` with an example. */
export function parsePositive(
  option: string,
  text: string,
  { isInteger, max, example }: { isInteger: boolean; max: number; example: number },
): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= max && (!isInteger || Number.isInteger(value))) return value;
  const expected = isInteger ? "a whole number from 1 to" : "a number above 0 and up to";
  const problem = `${JSON.stringify(text)} is not ${expected} ${max.toLocaleString("en-US")}`;
  throw new KnockError("usage", `${option}: ${problem}`, { hint: `For example ${option} ${example}.` });
}
