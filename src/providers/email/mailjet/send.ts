import type { Message } from "../../../domain/message/message.js";
import { deepMerge, filterObjects, type JsonObject, omitEmpty } from "../../../util/json.js";
import { type ApiResponse, parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import type { SettingsReader } from "../../settings-reader.js";
import { createSend, type OpenVendor, readErrorFields, type VendorError } from "../../vendor-api.js";
import { toObject } from "../../vendor-events.js";
import { type Address, type Attachment, parseEmail } from "../parse-email.js";
import { definition } from "./definition.js";

const toPerson = ({ address, name }: Address): JsonObject => ({
  Email: address,
  ...(name === null ? {} : { Name: name }),
});

const formatFlag = (value: boolean | null): string | null => (value === null ? null : value ? "enabled" : "disabled");

const toFile = ({ name, content, content_type, content_id }: Attachment): JsonObject => ({
  ContentType: content_type ?? "application/octet-stream",
  Filename: name,
  Base64Content: content,
  ...(content_id === null ? {} : { ContentID: content_id }),
});

/** Returns a message, with the overrides merged into it (CH-095). Mailjet has one address for replies. */
function buildMessage(message: Message, settings: SettingsReader): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments, overrides } = parseEmail(message);
  const [replyTo] = reply_to;
  const built = omitEmpty({
    From: toPerson(from),
    To: [toPerson(to)],
    Cc: cc.map(toPerson),
    Bcc: bcc.map(toPerson),
    ReplyTo: replyTo && toPerson(replyTo),
    Subject: subject,
    // Mailjet refuses a message without content.
    TextPart: text ?? (html === null ? " " : null),
    HTMLPart: html,
    Attachments: attachments.filter(({ content_id }) => content_id === null).map(toFile),
    InlinedAttachments: attachments.filter(({ content_id }) => content_id !== null).map(toFile),
    Headers: headers,
    // Tracking is only allowed beside HTML.
    TrackOpens: html === null ? null : formatFlag(settings.flag("open_tracking")),
    TrackClicks: html === null ? null : formatFlag(settings.flag("link_tracking")),
    CustomID: message.id,
  });
  return deepMerge(built, overrides);
}

/** Returns the first message of a response. */
const getMessage = ({ text }: ApiResponse): JsonObject => filterObjects(parseJsonObject(text)?.Messages)[0] ?? {};

/** Returns the first error of a message, or the error of the request. Its text names the property. */
function readError(response: ApiResponse): VendorError {
  const [error] = filterObjects(getMessage(response).Errors);
  if (error === undefined) return readErrorFields(response, "ErrorMessage", "ErrorCode");
  const { ErrorCode: code, ErrorMessage: text, ErrorRelatedTo: related } = error;
  const properties = Array.isArray(related) && related.length > 0 ? ` (${related.map(toPlainText).join(", ")})` : "";
  return { code, message: toPlainText(text) + properties };
}

/** Opens Mailjet's Send API v3.1. It supports no idempotency key. */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://api.mailjet.com")}/v3.1/send`;
  const keys = `${settings.required("api_key")}:${settings.required("api_secret_key")}`;
  const credentials = Buffer.from(keys).toString("base64");
  settings.addSecret(credentials);
  const headers = { authorization: `Basic ${credentials}`, "content-type": "application/json" };
  return {
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({
        url,
        headers,
        body: JSON.stringify({ Messages: [buildMessage(message, settings)] }),
      }),
      readError,
      findError: (response) => (getMessage(response).Status === "error" ? readError(response) : null),
      readId(response) {
        parseSuccessBody(definition.title, response);
        return toPlainText(toObject(filterObjects(getMessage(response).To)[0]).MessageUUID) || undefined;
      },
    }),
  };
};
