import { filters, toValue } from "liquidjs";
import { SizedCache } from "../../../util/sized-cache.js";
import { isDecimal, toDecimal } from "./decimal-number.js";
import { parseLocaleArgument } from "./parse-arguments.js";
import { describeValue } from "./parse-moment.js";
import type { RegisterFilter } from "./render-services.js";

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Returns a number, or the trimmed text of one so that long numbers keep their digits. Null for nil and blank text. */
function parseNumeric(value: unknown, filter: string): number | string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string") {
    const text = value.trim();
    if (text === "") return null;
    if (NUMBER.test(text)) return text;
  }
  throw new Error(`${filter}: ${describeValue(value)} is no number`);
}

/** The memory of a format of Intl. */
const FORMAT_BYTES = 20_000;
const formatsByKey = new SizedCache<Intl.NumberFormat>(10_000_000);

function formatInLocale(value: number | string, locale: string, options: Intl.NumberFormatOptions): string {
  const key = `${locale} ${options.currency} ${options.maximumFractionDigits}`;
  let format = formatsByKey.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, options);
    formatsByKey.set(key, format, FORMAT_BYTES);
  }
  return format.format(value as number); // it also accepts text, which can have more digits than a number
}

function createCurrencyFilter(filter: string, digits: number) {
  return (value: unknown, code: unknown, locale: unknown): string => {
    const currency = code === null || code === undefined || code === "" ? "USD" : String(code).trim().toUpperCase();
    if (!/^[A-Z]{3}$/.test(currency))
      throw new Error(`${filter}: ${describeValue(code)} is not a currency; use a code such as "EUR"`);
    const name = parseLocaleArgument(locale, filter);
    const number = parseNumeric(value, filter);
    if (number === null) return "";
    return formatInLocale(number, name, {
      style: "currency",
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  };
}

/** Returns a value as a number, as standard Liquid's arithmetic reads it. 0 for values that are not numbers. */
function toNumber(value: unknown): number {
  const plain: unknown = toValue(value);
  return typeof plain === "number" ? plain : Number(plain ?? 0) || 0;
}

/** Rounds to 15 digits, because of binary fractions: 19.99 times 100 must be 1999, not 1998.9999999999998. */
const roundBinaryError = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(15)));

/** Creates an arithmetic filter. The result prints with its fraction if one of the numbers has a fraction (T-067). */
function createArithmeticFilter(compute: (left: number, right: number) => number) {
  return (left: unknown, right: unknown): unknown => {
    const result = roundBinaryError(compute(toNumber(left), toNumber(right)));
    return isDecimal(left) || isDecimal(right) ? toDecimal(result) : result;
  };
}

function parseDivisor(filter: string, value: unknown): number {
  const divisor = toNumber(value);
  if (divisor === 0) throw new Error(`${filter}: cannot divide by 0`);
  return divisor;
}

/**
 * Registers `format_number`, `currency`, `rounded_currency` (T-044 to T-046, T-066, TQ-18) and arithmetic (T-001). Filters
 * that are registered with `raw` get their values without unwrapping, because they look for {@link DecimalNumber}.
 */
export function registerNumberFilters(raw: RegisterFilter, register: RegisterFilter): void {
  register("format_number", (value: unknown, locale: unknown) => {
    const name = parseLocaleArgument(locale, "format_number");
    const number = parseNumeric(value, "format_number");
    return number === null ? "" : formatInLocale(number, name, {});
  });
  register("currency", createCurrencyFilter("currency", 2));
  register("rounded_currency", createCurrencyFilter("rounded_currency", 0));

  raw(
    "plus",
    createArithmeticFilter((left, right) => left + right),
  );
  raw(
    "minus",
    createArithmeticFilter((left, right) => left - right),
  );
  raw(
    "times",
    createArithmeticFilter((left, right) => left * right),
  );
  // As in standard Liquid, two whole numbers divide to a whole number, rounded down. Decimals divide exactly.
  raw("divided_by", (value: unknown, by: unknown) => {
    const [dividend, divisor] = [toNumber(value), parseDivisor("divided_by", by)];
    return isDecimal(value) || isDecimal(by) ? toDecimal(dividend / divisor) : Math.floor(dividend / divisor);
  });
  raw(
    "modulo",
    createArithmeticFilter((left, right) => {
      const divisor = parseDivisor("modulo", right);
      return ((left % divisor) + divisor) % divisor;
    }),
  );
  const round = filters.round as unknown as (value: number, digits: number) => number;
  register("round", (value: unknown, digits: unknown) => round(toNumber(value), Math.trunc(toNumber(digits))));
}
