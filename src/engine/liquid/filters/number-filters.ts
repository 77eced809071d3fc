import { described } from "./date-input.js";
import { localeArgument } from "./locale-argument.js";
import type { FilterThis, RegisterFilter } from "./render-services.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number or the text of one, as it is written: long ones keep their digits. Null for nil and blank text. */
function numeric(value: unknown, filter: string): number | string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string") {
    const text = value.trim();
    if (text === "") return null;
    if (NUMBER.test(text)) return text;
  }
  throw new Error(`${filter}: ${described(value)} is no number`);
}

const formats = new Map<string, Intl.NumberFormat>();

function formatted(value: number | string, locale: string, options: Intl.NumberFormatOptions): string {
  const key = `${locale} ${options.currency} ${options.maximumFractionDigits}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, options);
    if (formats.size < 500) formats.set(key, format);
  }
  return format.format(value as number); // text too, which keeps more digits than a number has
}

function currencyFilter(filter: string, digits: number) {
  return (value: unknown, code: unknown, locale: unknown): string => {
    const currency = code === null || code === undefined || code === "" ? "USD" : String(code).trim().toUpperCase();
    if (!/^[A-Z]{3}$/.test(currency))
      throw new Error(`${filter}: ${described(code)} is no currency; use a code such as "EUR"`);
    const name = localeArgument(locale, filter);
    const number = numeric(value, filter);
    if (number === null) return "";
    return formatted(number, name, {
      style: "currency",
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  };
}

/** Whether the filter's argument stands in the template with a decimal point, as in `divided_by: 7.0`. */
function isWrittenDecimal({ token }: FilterThis): boolean {
  const [argument] = token.args;
  return argument !== undefined && !Array.isArray(argument) && /^-?\d*\.\d*$/.test(argument.getText());
}

/** As standard Liquid's arithmetic has it: what is no number is 0. */
const toNumber = (value: unknown): number => (typeof value === "number" ? value : Number(value ?? 0) || 0);

/** Without the last digits that binary fractions leave: 19.99 times 100 is 1999, and not 1998.9999999999998. */
const exact = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(15)));

/** By locale: `format_number`, `currency`, `rounded_currency` (T-044 to T-046, T-066, TQ-18); and arithmetic (T-001). */
export function registerNumberFilters(register: RegisterFilter): void {
  register("format_number", (value: unknown, locale: unknown) => {
    const name = localeArgument(locale, "format_number");
    const number = numeric(value, "format_number");
    return number === null ? "" : formatted(number, name, {});
  });
  register("currency", currencyFilter("currency", 2));
  register("rounded_currency", currencyFilter("rounded_currency", 0));

  register("plus", (value, by) => exact(toNumber(value) + toNumber(by)));
  register("minus", (value, by) => exact(toNumber(value) - toNumber(by)));
  register("times", (value, by) => exact(toNumber(value) * toNumber(by)));
  // Whole numbers divide to whole numbers, rounded down; a divisor written with a decimal point divides exactly.
  register("divided_by", function (this: FilterThis, value: unknown, by: unknown) {
    const [dividend, divisor] = [toNumber(value), toNumber(by)];
    if (divisor === 0) throw new Error("divided_by: cannot divide by 0");
    const whole = Number.isInteger(dividend) && Number.isInteger(divisor) && !isWrittenDecimal(this);
    return whole ? Math.floor(dividend / divisor) : exact(dividend / divisor);
  });
  register("modulo", (value: unknown, by: unknown) => {
    const [dividend, divisor] = [toNumber(value), toNumber(by)];
    if (divisor === 0) throw new Error("modulo: cannot divide by 0");
    return exact(((dividend % divisor) + divisor) % divisor);
  });
}
