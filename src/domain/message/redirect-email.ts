import { isJsonObject, type JsonObject } from "../../util/json.js";

/** Headers that name recipients. */
const RECIPIENT_HEADER = /^(?:resent-)?(?:to|cc|bcc)$/i;

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
    ...(isJsonObject(headers)
      ? { headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !RECIPIENT_HEADER.test(name.trim()))) }
      : {}),
  };
}
