import type { Message } from "../../../domain/message/message.js";
import type { DeliveryCheck, Provider } from "../../../ports/provider.js";
import { deepMerge, isJsonObject, type JsonObject, omitEmpty } from "../../../util/json.js";
import {
  type ApiResponse,
  callApi,
  DEFAULT_TIMEOUT_MS,
  getSuccessField,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import type { SettingsReader } from "../../settings-reader.js";
import { createSend, createVendorError, readErrorFields } from "../../vendor-api.js";
import { type Address, buildMetadata, formatAddress, parseEmail } from "../parse-email.js";
import { definition } from "./definition.js";

const formatAddressList = (list: Address[]): string | null =>
  list.length === 0 ? null : list.map(formatAddress).join(", ");

function buildBody(message: Message, settings: SettingsReader): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments, overrides } = parseEmail(message);
  const link = settings.flag("link_tracking");
  const built = omitEmpty({
    From: formatAddress(from),
    To: formatAddress(to),
    Cc: formatAddressList(cc),
    Bcc: formatAddressList(bcc),
    ReplyTo: formatAddressList(reply_to),
    Subject: subject,
    Tag: message.workflow,
    HtmlBody: html,
    TextBody: text ?? (html === null ? "" : null),
    Metadata: buildMetadata(message),
    Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })),
    TrackOpens: settings.flag("open_tracking"),
    TrackLinks: link === null ? null : link ? "HtmlAndText" : "None",
    Attachments: attachments.map(({ name, content, content_type, content_id }) => ({
      Name: name,
      Content: content,
      ContentType: content_type ?? "application/octet-stream",
      ...(content_id === null ? {} : { ContentID: `cid:${content_id}` }),
    })),
  });
  return deepMerge(built, overrides);
}

/** Code for a message that Postmark has not stored yet. */
const NOT_FOUND = 701;

/** Returns the status by the events of the message's recipient: only deliveries and bounces decide (CH-092). */
function toDeliveryCheck({ MessageEvents }: JsonObject, to: string): DeliveryCheck {
  const events = (Array.isArray(MessageEvents) ? MessageEvents : [])
    .filter(isJsonObject)
    .filter(({ Recipient }) => toPlainText(Recipient).toLowerCase() === to.toLowerCase());
  const bounce = events.findLast(({ Type }) => Type === "Bounced");
  if (bounce !== undefined) {
    const details = isJsonObject(bounce.Details) ? bounce.Details : {};
    return { status: "bounced", reason: `${definition.title}: ${toPlainText(details.Summary) || "bounced"}` };
  }
  return { status: events.some(({ Type }) => Type === "Delivered") ? "delivered" : "pending" };
}

/** Opens Postmark's API. It supports no idempotency key; `Metadata` contains the message id (CH-092). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://api.postmarkapp.com");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const commonHeaders = { accept: "application/json", "x-postmark-server-token": settings.required("api_key") };
  const readError = (response: ApiResponse) => readErrorFields(response, "Message", "ErrorCode");

  async function check(message: Message): Promise<DeliveryCheck> {
    const url = `${base}/messages/outbound/${encodeURIComponent(toPlainText(message.metadata?.external_id))}/details`;
    const request = { method: "GET", url, headers: commonHeaders, body: null, timeout_ms };
    const response = await callApi(services, definition.title, request);
    if (parseJsonObject(response.text)?.ErrorCode === NOT_FOUND) return { status: "pending" };
    if (!isSuccess(response)) throw createVendorError(definition, response, readError(response), services.now());
    return toDeliveryCheck(parseSuccessBody(definition.title, response), parseEmail(message).to.address);
  }

  return {
    ...(settings.flag("check_delivery_status") === false ? {} : { check }),
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({
        url: `${base}/email`,
        headers: { ...commonHeaders, "content-type": "application/json" },
        body: JSON.stringify(buildBody(message, settings)),
      }),
      readError,
      readId: (response) => getSuccessField(definition.title, response, "MessageID"),
    }),
  };
}
