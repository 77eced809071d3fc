import type { ProviderEvent } from "../../../ports/provider.js";
import { formatErrorDetail, parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { parseTime, toEvents } from "../../vendor-events.js";
import { checkAge, checkHmac, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const HEADER = "x-sinch-webhook-signature";
const FAILED = new Set(["Failed", "Rejected", "Aborted", "Expired", "Cancelled"]);
/** The code for a number that no operator serves. */
const UNROUTABLE = "402";

function toType(status: string, code: string): ProviderEvent["type"] | undefined {
  if (status === "Delivered") return "delivered";
  // The operator deletes messages to invalid numbers, and to those that have opted out.
  if (status === "Deleted") return "bounced";
  if (!FAILED.has(status)) return undefined;
  return code === UNROUTABLE ? "bounced" : "undelivered";
}

/** Reads a delivery report, which is signed with an HMAC of its body, nonce and time (CH-116). */
export const readEvents: ReadEvents = (webhook, settings, { now }) => {
  const signature = requireHeader(webhook, HEADER);
  const timestamp = requireHeader(webhook, `${HEADER}-timestamp`);
  const signed = `${webhook.body}.${requireHeader(webhook, `${HEADER}-nonce`)}.${timestamp}`;
  checkHmac(signature, signed, settings.required("webhook_signing_key"), "sha256", "base64");
  checkAge(timestamp, now());
  const report = parseJsonObject(webhook.body) ?? {};
  const [status, code] = [toPlainText(report.status), toPlainText(report.code)];
  const at = parseTime(toPlainText(report.at), now());
  return toEvents(definition, {
    message_id: toPlainText(report.client_reference),
    type: toType(status, code),
    at,
    reason: formatErrorDetail(status, code),
  });
};
