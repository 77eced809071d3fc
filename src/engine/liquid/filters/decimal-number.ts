import { Drop } from "liquidjs";

/**
 * A decimal number whose fraction is zero, such as `5.0` in a template or the result of arithmetic with it. As in standard
 * Liquid, it prints with its fraction. Everywhere else it is a plain number (T-067).
 */
export class DecimalNumber extends Drop {
  constructor(private readonly number: number) {
    super();
  }

  override valueOf(): number {
    return this.number;
  }

  override toString(): string {
    return Number.isInteger(this.number) && Math.abs(this.number) < 1e16 ? this.number.toFixed(1) : String(this.number);
  }

  toJSON(): number {
    return this.number;
  }
}

/** Returns whether a value is a number with a fraction, or the text of one. */
export function isDecimal(value: unknown): boolean {
  if (value instanceof DecimalNumber) return true;
  if (typeof value === "number") return !Number.isInteger(value);
  return typeof value === "string" && /^\s*[+-]?\d+\.\d+/.test(value);
}

/** Returns a number that prints with its fraction, `5` as `5.0`. */
export function toDecimal(value: number): unknown {
  return Number.isInteger(value) ? new DecimalNumber(value) : value;
}
