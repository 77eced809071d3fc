import { Drop } from "liquidjs";

/**
 * A number without a fraction that is a decimal all the same: `5.0` in a template, or what arithmetic with such a number
 * gives. It prints with its fraction, as in standard Liquid, and is a plain number to everything else (T-067).
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

/** Whether a value is a number with a fraction, or the text of one. */
export function isDecimal(value: unknown): boolean {
  if (value instanceof DecimalNumber) return true;
  if (typeof value === "number") return !Number.isInteger(value);
  return typeof value === "string" && /^\s*[+-]?\d+\.\d+/.test(value);
}

/** Returns a number that prints with its fraction, `5` as `5.0`. */
export function toDecimal(value: number): unknown {
  return Number.isInteger(value) ? new DecimalNumber(value) : value;
}
