import { isJsonObject, type Json, type JsonObject, stringifyValue } from "../../util/json.js";
import { listAddressWords } from "./list-address-words.js";

/** Returns whether a header names recipients. */
export function namesRecipients(header: string): boolean {
  return /^(?:(?:resent|apparently)-)?(?:to|cc|bcc)$/i.test(header.trim());
}

/**
 * Returns whether a header cannot make a mail server send the email to others. Some servers read recipients from headers of
 * their own, such as `X-SMTPAPI`. Headers of lists, such as `List-Unsubscribe`, may contain addresses.
 */
function isHarmless([name, value]: [string, Json]): boolean {
  if (namesRecipients(name)) return false;
  return /^list-/i.test(name.trim()) || listAddressWords(stringifyValue(value)).length === 0;
}

/** Returns the address in a text such as `Ada <ada@example.com>`. */
function getAddress(to: string): string {
  return /<([^<>]*)>\s*$/.exec(to)?.[1]?.trim() ?? to.trim();
}

/**
 * Returns the content of an email for another address, with the original address in the subject. Everything else that
 * could name a recipient is removed: copies, their headers, and values that are merged into the provider's request.
 */
export function redirectEmail(content: JsonObject, address: string): JsonObject {
  const { cc: _cc, bcc: _bcc, json_overrides: _overrides, headers, to, subject_line: subject, ...rest } = content;
  const original = getAddress(typeof to === "string" ? to : "");
  const isSame = original.toLowerCase() === address.toLowerCase();
  const subjectText = typeof subject === "string" ? subject : "";
  return {
    ...rest,
    to: address,
    subject_line: isSame ? subjectText : `[to ${original}] ${subjectText}`,
    ...(isJsonObject(headers) ? { headers: Object.fromEntries(Object.entries(headers).filter(isHarmless)) } : {}),
  };
}
