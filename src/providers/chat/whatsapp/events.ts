import type { ProviderEvent } from "../../../ports/provider.js";
import { filterObjects, isJsonObject, type JsonObject } from "../../../util/json.js";
import { formatErrorDetail, parseJsonObject, toPlainText } from "../../call-api.js";
import type { ReadEvents } from "../../vendor-api.js";
import { checkHmac, requireHeader } from "../../verify-signature.js";
import { definition } from "./definition.js";

const BAD_NUMBER_CODES = new Set(["131026", "131050"]);
const PREFIX = "sha256=";

function toType(status: string, code: string): ProviderEvent["type"] | undefined {
  if (status === "delivered") return "delivered";
  if (status === "read") return "opened";
  if (status !== "failed") return undefined;
  return BAD_NUMBER_CODES.has(code) ? "bounced" : "undelivered";
}

function toEvent(report: JsonObject): ProviderEvent[] {
  const [error] = filterObjects(report.errors);
  const type = toType(toPlainText(report.status), toPlainText(error?.code));
  const message_id = toPlainText(report.biz_opaque_callback_data);
  if (type === undefined || message_id === "") return [];
  const detail = formatErrorDetail(error?.title ?? report.status, error?.code);
  const hasReason = type === "bounced" || type === "undelivered";
  const reason = hasReason ? { reason: `${definition.title}: ${detail}` } : {};
  return [{ message_id, type, at: Number(report.timestamp) * 1_000, ...reason }];
}

/** Reads the statuses of messages. The signature is an HMAC of the body with the app's secret; it has no time (CH-186). */
export const readEvents: ReadEvents = (webhook, settings) => {
  const signature = requireHeader(webhook, "x-hub-signature-256");
  const key = settings.required("webhook_signing_key");
  checkHmac(signature.startsWith(PREFIX) ? signature.slice(PREFIX.length) : "", webhook.body, key, "sha256", "hex");
  return filterObjects(parseJsonObject(webhook.body)?.entry)
    .flatMap(({ changes }) => filterObjects(changes))
    .flatMap(({ value }) => (isJsonObject(value) ? filterObjects(value.statuses) : []))
    .flatMap(toEvent);
};
