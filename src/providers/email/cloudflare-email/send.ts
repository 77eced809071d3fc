import type { Message } from "../../../domain/message/message.js";
import { deepMerge, filterObjects, type Json, type JsonObject, omitEmpty } from "../../../util/json.js";
import { type ApiResponse, parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createSend, type OpenVendor, type VendorError } from "../../vendor-api.js";
import { toObject } from "../../vendor-events.js";
import { type Address, parseEmail } from "../parse-email.js";
import { definition } from "./definition.js";

const toAddress = ({ address, name }: Address): Json => (name === null ? address : { address, name });

/** Returns an email. Cloudflare has one address for replies (CH-101). */
function buildBody(message: Message): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments, overrides } = parseEmail(message);
  const [replyTo] = reply_to;
  const built = omitEmpty({
    to: toAddress(to),
    from: toAddress(from),
    cc: cc.map(toAddress),
    bcc: bcc.map(toAddress),
    reply_to: replyTo && toAddress(replyTo),
    subject,
    text: text ?? (html === null ? " " : null),
    html,
    headers,
    attachments: attachments.map(({ name, content, content_type, content_id, disposition }) =>
      omitEmpty({
        content,
        filename: name,
        type: content_type ?? "application/octet-stream",
        disposition: disposition ?? (content_id === null ? "attachment" : "inline"),
        content_id,
      }),
    ),
  });
  return deepMerge(built, overrides);
}

function readError({ text }: ApiResponse): VendorError {
  return filterObjects(parseJsonObject(text)?.errors)[0] ?? {};
}

/** Opens Cloudflare's API for sending email. It supports no idempotency key, and reports no events. */
export const openVendor: OpenVendor = (settings, services) => {
  const base = settings.url("base_url", "https://api.cloudflare.com");
  const account = encodeURIComponent(settings.required("account_id"));
  const url = `${base}/client/v4/accounts/${account}/email/sending/send`;
  const headers = { authorization: `Bearer ${settings.required("api_key")}`, "content-type": "application/json" };
  return {
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({ url, headers, body: JSON.stringify(buildBody(message)) }),
      readError,
      findError(response, message) {
        const { success, result } = parseSuccessBody(definition.title, response);
        const { permanent_bounces } = toObject(result);
        const { address } = parseEmail(message).to;
        const isBounced = [permanent_bounces]
          .flat()
          .some((bounced) => toPlainText(bounced).toLowerCase() === address.toLowerCase());
        if (isBounced) return { code: "permanent_bounces", message: `${address} bounced permanently` };
        return success === false ? readError(response) : null;
      },
      readId: (response) => toPlainText(toObject(parseJsonObject(response.text)?.result).message_id) || undefined,
    }),
  };
};
