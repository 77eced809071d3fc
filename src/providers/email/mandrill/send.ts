import type { Message } from "../../../domain/message/message.js";
import { deepMerge, type JsonObject, omitEmpty } from "../../../util/json.js";
import { type ApiResponse, toPlainText } from "../../call-api.js";
import { createRetryableError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { createSend, type OpenVendor, readErrorFields } from "../../vendor-api.js";
import { parseObjects } from "../../vendor-events.js";
import { type Address, type Attachment, buildMetadata, formatAddress, parseEmail, toPerson } from "../parse-email.js";
import { definition } from "./definition.js";

/** Mandrill takes the name of an image as its content ID. */
const toFile = ({ name, content, content_type, content_id }: Attachment): JsonObject => ({
  type: content_type ?? "application/octet-stream",
  name: content_id ?? name,
  content,
});

/** Returns a message, with the overrides merged into it (CH-097). */
function buildBody(message: Message, settings: SettingsReader): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments, overrides } = parseEmail(message);
  const toRecipients = (type: string, list: Address[]) => list.map((address) => ({ ...toPerson(address), type }));
  const isImage = ({ content_id, content_type }: Attachment): boolean =>
    content_id !== null && content_type?.startsWith("image/") === true;
  const built = omitEmpty({
    from_email: from.address,
    from_name: from.name,
    to: [...toRecipients("to", [to]), ...toRecipients("cc", cc), ...toRecipients("bcc", bcc)],
    subject,
    text: text ?? (html === null ? " " : null),
    html,
    headers: { ...(reply_to.length === 0 ? {} : { "Reply-To": reply_to.map(formatAddress).join(", ") }), ...headers },
    // Recipients of copies see each other, as with other vendors.
    preserve_recipients: cc.length > 0 ? true : null,
    track_opens: settings.flag("open_tracking"),
    track_clicks: settings.flag("link_tracking"),
    metadata: buildMetadata(message),
    attachments: attachments.filter((file) => !isImage(file)).map(toFile),
    images: attachments.filter(isImage).map(toFile),
  });
  return deepMerge(built, overrides);
}

/** Returns the result for the recipient; the first one for an address that Mandrill has written in another way. */
function findResult({ text }: ApiResponse, message: Message): JsonObject | undefined {
  const results = parseObjects(text);
  const { address } = parseEmail(message).to;
  return results.find(({ email }) => toPlainText(email).toLowerCase() === address.toLowerCase()) ?? results[0];
}

/** Opens Mandrill's Messages API. It supports no idempotency key. The body contains the key. */
export const openVendor: OpenVendor = (settings, services) => {
  const url = `${settings.url("base_url", "https://mandrillapp.com")}/api/1.0/messages/send.json`;
  const key = settings.required("api_key");
  const headers = { "content-type": "application/json" };
  return {
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({
        url,
        headers,
        body: JSON.stringify({ key, message: buildBody(message, settings) }),
      }),
      readError: (response) => readErrorFields(response, "message", "name"),
      findError(response, message) {
        const result = findResult(response, message);
        if (result === undefined)
          throw createRetryableError(
            `${definition.title} responded ${response.status}, but not with a list of results`,
          );
        if (result.status !== "rejected" && result.status !== "invalid") return null;
        return { message: result.status, code: toPlainText(result.reject_reason) || result.status };
      },
      readId: (response, message) => toPlainText(findResult(response, message)?._id) || undefined,
    }),
  };
};
