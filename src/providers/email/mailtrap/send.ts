import type { Message } from "../../../domain/message/message.js";
import { deepMerge, type JsonObject, omitEmpty } from "../../../util/json.js";
import { type ApiResponse, parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import { createSend, type OpenVendor, type VendorError } from "../../vendor-api.js";
import { buildMetadata, formatAddress, parseEmail, toPerson } from "../parse-email.js";
import { definition } from "./definition.js";

/** Returns an email. Mailtrap has one address for replies; several are a header (CH-096). */
function buildBody(message: Message): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments, overrides } = parseEmail(message);
  const [replyTo, ...others] = reply_to;
  const built = omitEmpty({
    from: toPerson(from),
    to: [toPerson(to)],
    cc: cc.map(toPerson),
    bcc: bcc.map(toPerson),
    reply_to: replyTo && others.length === 0 ? toPerson(replyTo) : null,
    subject,
    text: text ?? (html === null ? " " : null),
    html,
    headers: { ...(others.length === 0 ? {} : { "Reply-To": reply_to.map(formatAddress).join(", ") }), ...headers },
    custom_variables: buildMetadata(message),
    attachments: attachments.map(({ name, content, content_type, content_id, disposition }) =>
      omitEmpty({
        filename: name,
        content,
        type: content_type,
        disposition: disposition ?? (content_id === null ? "attachment" : "inline"),
        content_id,
      }),
    ),
  });
  return deepMerge(built, overrides);
}

function readError({ text }: ApiResponse): VendorError {
  const { errors, error } = parseJsonObject(text) ?? {};
  return { message: Array.isArray(errors) ? errors.map(toPlainText).filter(Boolean).join("; ") : (errors ?? error) };
}

/** Opens Mailtrap's API for sending, or the one for testing. It supports no idempotency key. */
export const openVendor: OpenVendor = (settings, services) => {
  const isTest = settings.text("api") === "testing";
  const base = settings.url("base_url", `https://${isTest ? "sandbox" : "send"}.api.mailtrap.io`);
  const url = `${base}/api/send${isTest ? `/${encodeURIComponent(settings.required("inbox_id"))}` : ""}`;
  const headers = { authorization: `Bearer ${settings.required("api_key")}`, "content-type": "application/json" };
  return {
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({ url, headers, body: JSON.stringify(buildBody(message)) }),
      readError,
      readId(response) {
        const { message_ids: ids } = parseSuccessBody(definition.title, response);
        return toPlainText(Array.isArray(ids) ? ids[0] : "") || undefined;
      },
    }),
  };
};
