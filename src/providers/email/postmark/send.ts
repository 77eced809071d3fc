import type { Message } from "../../../domain/message/message.js";
import { formatRecipient, toRecipientReference } from "../../../domain/recipient/recipient.js";
import type { Delivery, DeliveryCheck, Provider } from "../../../ports/provider.js";
import { deepMerge, isJsonObject, type JsonObject } from "../../../util/json.js";
import {
  type ApiResponse,
  callApi,
  createStatusError,
  DEFAULT_TIMEOUT_MS,
  formatErrorDetail,
  getSuccessField,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
  toPlainText,
} from "../../call-api.js";
import { createBounceError, type DeliveryError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { type Address, type Email, formatAddress, parseEmail } from "../parse-email.js";

const VENDOR = "Postmark";
/** Code for a recipient that bounced before, complained or is suppressed. */
const INACTIVE_RECIPIENT = 406;
const INVALID_REQUEST = 300;
/**
 * Matches messages about the recipient: Postmark reports bad addresses as invalid requests, and names them only in the
 * message.
 */
const BAD_TO_MESSAGE = /'to' address|invalid 'to'|to.*(address|recipient).*invalid/i;

const formatAddressList = (list: Address[]): string => list.map(formatAddress).join(", ");

function buildBody(email: Email, message: Message, settings: SettingsReader): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments } = email;
  const [open, link] = [settings.flag("open_tracking"), settings.flag("link_tracking")];
  return {
    From: formatAddress(from),
    To: formatAddress(to),
    ...(cc.length > 0 ? { Cc: formatAddressList(cc) } : {}),
    ...(bcc.length > 0 ? { Bcc: formatAddressList(bcc) } : {}),
    ...(reply_to.length > 0 ? { ReplyTo: formatAddressList(reply_to) } : {}),
    Subject: subject,
    Tag: message.workflow,
    ...(html === null ? {} : { HtmlBody: html }),
    ...(text === null && html !== null ? {} : { TextBody: text ?? "" }),
    Metadata: {
      sender: "knock.app",
      knock_message_id: message.id,
      knock_recipient_id: formatRecipient(toRecipientReference(message.recipient)),
    },
    ...(Object.keys(headers).length > 0
      ? { Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })) }
      : {}),
    ...(open === null ? {} : { TrackOpens: open }),
    ...(link === null ? {} : { TrackLinks: link ? "HtmlAndText" : "None" }),
    ...(attachments.length > 0
      ? {
          Attachments: attachments.map(({ name, content, content_type, content_id }) => ({
            Name: name,
            Content: content,
            ContentType: content_type ?? "application/octet-stream",
            ...(content_id === null ? {} : { ContentID: `cid:${content_id}` }),
          })),
        }
      : {}),
  };
}

/** Returns the error for a response. Inactive and malformed recipients have status 422 with a code, and bounce (CH-044). */
function toDeliveryError(response: ApiResponse, now: number): DeliveryError {
  const { ErrorCode, Message: errorMessage } = parseJsonObject(response.text) ?? {};
  const detail = formatErrorDetail(errorMessage, ErrorCode);
  const isBad =
    ErrorCode === INACTIVE_RECIPIENT ||
    (ErrorCode === INVALID_REQUEST && BAD_TO_MESSAGE.test(toPlainText(errorMessage)));
  return response.status === 422 && isBad
    ? createBounceError(`${VENDOR}: ${detail}`)
    : createStatusError(VENDOR, response, detail, now);
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
    return { status: "bounced", reason: `${VENDOR}: ${toPlainText(details.Summary) || "bounced"}` };
  }
  return { status: events.some(({ Type }) => Type === "Delivered") ? "delivered" : "pending" };
}

/** Opens Postmark's API. It supports no idempotency key; `Metadata` contains the message id (CH-092). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const base = settings.url("base_url", "https://api.postmarkapp.com");
  const token = settings.required("api_key");
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const commonHeaders = { accept: "application/json", "x-postmark-server-token": token };

  async function check(message: Message): Promise<DeliveryCheck> {
    const url = `${base}/messages/outbound/${encodeURIComponent(toPlainText(message.metadata?.external_id))}/details`;
    const response = await callApi(services, VENDOR, {
      method: "GET",
      url,
      headers: commonHeaders,
      body: null,
      timeout_ms,
    });
    if (parseJsonObject(response.text)?.ErrorCode === NOT_FOUND) return { status: "pending" };
    if (!isSuccess(response)) throw toDeliveryError(response, services.now());
    return toDeliveryCheck(parseSuccessBody(VENDOR, response), parseEmail(message).to.address);
  }

  return {
    ...(settings.flag("check_delivery_status") === false ? {} : { check }),
    async send(message): Promise<Delivery> {
      const email = parseEmail(message);
      const response = await callApi(services, VENDOR, {
        method: "POST",
        url: `${base}/email`,
        headers: { ...commonHeaders, "content-type": "application/json" },
        body: JSON.stringify(deepMerge(buildBody(email, message, settings), email.overrides)),
        timeout_ms,
      });
      if (!isSuccess(response)) throw toDeliveryError(response, services.now());
      return { status: "sent", metadata: { external_id: getSuccessField(VENDOR, response, "MessageID") } };
    },
  };
}
