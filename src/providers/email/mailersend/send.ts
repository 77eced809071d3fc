import type { Message } from "../../../domain/message/message.js";
import { deepMerge, filterObjects, type JsonObject, omitEmpty } from "../../../util/json.js";
import { type ApiResponse, parseJsonObject, toPlainText } from "../../call-api.js";
import { createRetryableError } from "../../delivery-error.js";
import { createSend, type OpenVendor, type VendorError } from "../../vendor-api.js";
import { toObject } from "../../vendor-events.js";
import { parseEmail, toPerson } from "../parse-email.js";
import { definition } from "./definition.js";
import { MESSAGE_TAG } from "./message-tag.js";

/** Returns an email. MailerSend has one address for replies (CH-100). */
function buildBody(message: Message): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments, overrides } = parseEmail(message);
  const [replyTo] = reply_to;
  const built = omitEmpty({
    from: toPerson(from),
    to: [toPerson(to)],
    cc: cc.map(toPerson),
    bcc: bcc.map(toPerson),
    reply_to: replyTo && toPerson(replyTo),
    subject,
    text: text ?? (html === null ? " " : null),
    html,
    tags: [MESSAGE_TAG + message.id],
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    attachments: attachments.map(({ name, content, content_id, disposition }) =>
      omitEmpty({
        filename: name,
        content,
        disposition: disposition ?? (content_id === null ? "attachment" : "inline"),
        id: content_id,
      }),
    ),
  });
  return deepMerge(built, overrides);
}

/** Returns the first error of the first invalid field, or the error of the request. */
function readError({ text }: ApiResponse): VendorError {
  const { message, errors } = parseJsonObject(text) ?? {};
  return { message: Object.values(toObject(errors)).flat().map(toPlainText).find(Boolean) ?? message };
}

/** Returns why a recipient is suppressed; null if it is not. Such a message is accepted with a warning. */
function findSuppression({ text }: ApiResponse, address: string): VendorError | null {
  const isRecipient = ({ email }: JsonObject): boolean => toPlainText(email).toLowerCase() === address.toLowerCase();
  const warnings = filterObjects(parseJsonObject(text)?.warnings);
  const recipient = warnings.flatMap(({ recipients }) => filterObjects(recipients)).find(isRecipient);
  if (recipient === undefined && !warnings.some(({ type }) => type === "ALL_SUPPRESSED")) return null;
  const reasons = [recipient?.reasons].flat().map(toPlainText).filter(Boolean).join(", ");
  return { code: "ALL_SUPPRESSED", message: reasons || "suppressed" };
}

/** Opens MailerSend's Email API. It supports no idempotency key. */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://api.mailersend.com")}/v1/email`;
  const headers = { authorization: `Bearer ${settings.required("api_key")}`, "content-type": "application/json" };
  return {
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({ url, headers, body: JSON.stringify(buildBody(message)) }),
      readError,
      findError: (response, message) => findSuppression(response, parseEmail(message).to.address),
      readId({ status, headers }) {
        if (headers["x-message-id"] === undefined)
          throw createRetryableError(`${definition.title} responded ${status}, but without the ID that its API gives`);
        return headers["x-message-id"];
      },
    }),
  };
};
