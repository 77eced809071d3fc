import type { ProviderEvent } from "../../../ports/provider.js";
import { parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { parseTime, toEvents } from "../../vendor-events.js";
import { checkAge, checkHmac } from "../../verify-signature.js";
import { definition } from "./definition.js";

/** Codes for a number that cannot get messages: permanently absent, barred, illegal or unroutable. */
const BAD_NUMBER_CODES = new Set(["3", "4", "9", "11"]);
const FAILED = new Set(["failed", "rejected", "expired"]);

/** Returns the fields of a receipt: of a JSON object, of a form, or of the query. */
function readFields(url: string, body: string): [name: string, value: string][] {
  const object = parseJsonObject(body);
  if (object !== null) return Object.entries(object).map(([name, value]) => [name, toPlainText(value)]);
  return [...(body.trim() === "" ? new URL(url).searchParams : new URLSearchParams(body))];
}

function toType(status: string, code: string): ProviderEvent["type"] | undefined {
  if (status === "delivered") return "delivered";
  if (!FAILED.has(status)) return undefined;
  return BAD_NUMBER_CODES.has(code) ? "bounced" : "undelivered";
}

/**
 * Reads a delivery receipt. Its signature is an HMAC of the sorted fields, in which `&` and `=` are replaced (CH-119). The weaker
 * methods that the account can be set to, such as MD5, are refused.
 */
export const readEvents: ReadEvents = ({ url, body }, settings, { now }) => {
  const entries = readFields(url, body);
  const fields = new Map(entries);
  const get = (name: string): string => fields.get(name) ?? "";
  const signed = entries
    .filter(([name]) => name !== "sig")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `&${name}=${value.replace(/[&=]/g, "_")}`)
    .join("");
  checkHmac(get("sig").toLowerCase(), signed, settings.required("webhook_signing_key"), "sha256", "hex");
  checkAge(get("timestamp"), now());
  const [status, code] = [get("status"), get("err-code")];
  // The time is in UTC, and usually says so.
  const time = get("message-timestamp");
  const at = parseTime(/(Z|[+-]\d{2}:?\d{2})$/.test(time) ? time : `${time}Z`, now());
  const report = { message_id: get("client-ref"), type: toType(status, code), at };
  return toEvents(definition, { ...report, reason: `${status} (code ${code})` });
};
