import { createPermanentError } from "./delivery-error.js";

const E164 = /^\+[1-9]\d{6,14}$/;
const SEPARATORS = /[\s().-]/g;

/**
 * Returns a number without separators. Throws `DeliveryError` for a number without a country code, which the vendor would refuse,
 * or take for a number of another country.
 */
export function parsePhoneNumber(title: string, value: unknown): string {
  const number = typeof value === "string" ? value.replace(SEPARATORS, "") : "";
  if (number === "") throw createPermanentError(`${title}: the message has no number to go to`);
  if (E164.test(number)) return number;
  throw createPermanentError(
    `${title} needs the number with its country code, such as +15550001111, and this message goes to ${number}`,
  );
}
