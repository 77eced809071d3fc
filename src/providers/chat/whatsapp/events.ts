import type { ProviderEvent } from "../../../ports/provider.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import { formatErrorDetail, parseJsonObject, toPlainText } from "../../call-api.js";
import { findFailure, type ReadEvents } from "../../vendor-api.js";
import { fromSeconds, toEvents } from "../../vendor-events.js";
import { checkHmac, checkVerifyToken, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const PREFIX = "sha256=";

function toType(status: string, code: string): ProviderEvent["type"] | undefined {
  if (status === "delivered") return "delivered";
  if (status === "read") return "opened";
  if (status !== "failed") return undefined;
  return findFailure(definition, 200, { code })?.result === "bounced" ? "bounced" : "undelivered";
}

function toStatusEvents(report: JsonObject): ProviderEvent[] {
  const [error] = filterObjects(report.errors);
  return toEvents(definition, {
    message_id: report.biz_opaque_callback_data,
    type: toType(toPlainText(report.status), toPlainText(error?.code)),
    at: fromSeconds(report.timestamp),
    reason: formatErrorDetail(error?.title ?? report.status, error?.code),
  });
}

/**
 * Reads the statuses of messages. The signature is an HMAC of the body with the app's secret; it has no time (CH-186). Answers
 * the request with which Meta checks a new URL.
 */
export const readEvents: ReadEvents = (webhook, settings) => {
  const { searchParams: query } = new URL(webhook.url);
  if (query.get("hub.mode") === "subscribe") {
    checkVerifyToken(query.get("hub.verify_token") ?? "", settings.required("webhook_verify_token"));
    return { answer: query.get("hub.challenge") ?? "" };
  }
  const signature = requireHeader(webhook, "x-hub-signature-256");
  const key = settings.required("webhook_signing_key");
  checkHmac(signature.startsWith(PREFIX) ? signature.slice(PREFIX.length) : "", webhook.body, key, "sha256", "hex");
  return filterObjects(parseJsonObject(webhook.body)?.entry)
    .flatMap(({ changes }) => filterObjects(changes))
    .flatMap(({ value }) => (isJsonObject(value) ? filterObjects(value.statuses) : []))
    .flatMap(toStatusEvents);
};
