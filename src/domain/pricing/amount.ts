/** The decimal places of an amount. A price with more places is rejected. */
export const AMOUNT_PLACES = 12;
const MIN_PLACES = 2;
const SCALE = 10n ** BigInt(AMOUNT_PLACES);
/** The places of amounts that cannot be written as a decimal number, such as a third. */
const ROUNDED_PLACES = 6;

/** An exact amount of money: a fraction of units of 10^-12 of the currency. */
export interface Amount {
  units: bigint;
  /** Above 0. */
  divisor: bigint;
}

/** Returns the units of a number as it is written in JSON, such as 0.0079, without rounding. */
export function toUnits(value: number): bigint {
  // Numbers below 1e-6 are written with an exponent.
  const text = /e/i.test(String(value)) ? value.toFixed(AMOUNT_PLACES) : String(value);
  const [whole = "0", decimals = ""] = text.split(".");
  return BigInt(whole) * SCALE + BigInt(decimals.padEnd(AMOUNT_PLACES, "0").slice(0, AMOUNT_PLACES));
}

function formatUnits(units: bigint): string {
  const decimals = String(units % SCALE).padStart(AMOUNT_PLACES, "0");
  let end = decimals.length;
  while (end > MIN_PLACES && decimals[end - 1] === "0") end--;
  return `${units / SCALE}.${decimals.slice(0, end)}`;
}

/** Returns whether a price has so few decimal places that it is exact. */
export const isExactPrice = (value: number): boolean => Number(formatUnits(toUnits(value))) === value;

/**
 * Returns an amount as a decimal text with at least two places, such as `12.50` and `0.0079`. An amount with more than 12 places is
 * rounded up to six, so that one above a limit never looks equal to it.
 */
export function formatAmount({ units, divisor }: Amount): string {
  if (units % divisor === 0n) return formatUnits(units / divisor);
  const step = divisor * 10n ** BigInt(AMOUNT_PLACES - ROUNDED_PLACES);
  return formatUnits(((units + step - 1n) / step) * (step / divisor));
}

export const addAmounts = (a: Amount, b: Amount): Amount =>
  a.divisor === b.divisor
    ? { units: a.units + b.units, divisor: a.divisor }
    : { units: a.units * b.divisor + b.units * a.divisor, divisor: a.divisor * b.divisor };

/** Compares two amounts exactly. Returns a negative number if `a` is smaller. */
export function compareAmounts(a: Amount, b: Amount): number {
  const difference = a.units * b.divisor - b.units * a.divisor;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Returns the amount of a decimal text, such as `500` or `0.125`. */
export function parseAmount(text: string): Amount {
  const [whole = "0", decimals = ""] = text.split(".");
  return { units: BigInt(whole + decimals) * SCALE, divisor: 10n ** BigInt(decimals.length) };
}
