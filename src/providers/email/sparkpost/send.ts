import type { Message } from "../../../domain/message/message.js";
import { deepMerge, filterObjects, type JsonObject, omitEmpty } from "../../../util/json.js";
import { type ApiResponse, parseJsonObject, parseSuccessBody, toPlainText } from "../../call-api.js";
import type { SettingsReader } from "../../settings-reader.js";
import { createSend, type OpenVendor, type VendorError } from "../../vendor-api.js";
import { toObject } from "../../vendor-events.js";
import { type Attachment, buildMetadata, formatAddress, parseEmail, toPerson } from "../parse-email.js";
import { definition } from "./definition.js";

const HOSTS: Readonly<Record<string, string>> = {
  us: "https://api.sparkpost.com",
  eu: "https://api.eu.sparkpost.com",
};

/** SparkPost takes the name of an inline image as its content ID. */
const toFile = ({ name, content, content_type, content_id }: Attachment): JsonObject => ({
  type: content_type ?? "application/octet-stream",
  name: content_id ?? name,
  data: content,
});

/** Returns a transmission. Recipients of copies see the original recipient in `To` (CH-098, CH-081). */
function buildBody(message: Message, settings: SettingsReader): JsonObject {
  const { from, to, cc, bcc, reply_to, subject, html, text, headers, attachments, overrides } = parseEmail(message);
  const toCopy = { header_to: formatAddress(to) };
  const built = omitEmpty({
    options: omitEmpty({
      transactional: true,
      // The content is rendered: braces in it are a text, and not SparkPost's template language.
      perform_substitutions: false,
      open_tracking: settings.flag("open_tracking"),
      click_tracking: settings.flag("link_tracking"),
    }),
    metadata: buildMetadata(message),
    recipients: [
      { address: toPerson(to) },
      ...[...cc, ...bcc].map(({ address }) => ({ address: { email: address, ...toCopy } })),
    ],
    content: omitEmpty({
      from: toPerson(from),
      subject,
      reply_to: reply_to.length === 0 ? null : reply_to.map(formatAddress).join(", "),
      headers: { ...headers, ...(cc.length === 0 ? {} : { CC: cc.map(formatAddress).join(", ") }) },
      text: text ?? (html === null ? " " : null),
      html,
      attachments: attachments.filter(({ content_id }) => content_id === null).map(toFile),
      inline_images: attachments.filter(({ content_id }) => content_id !== null).map(toFile),
    }),
  });
  return deepMerge(built, overrides);
}

function readError({ text }: ApiResponse): VendorError {
  const { code, message, description } = filterObjects(parseJsonObject(text)?.errors)[0] ?? {};
  return { code, message: [message, description].map(toPlainText).filter(Boolean).join(": ") };
}

/** Opens SparkPost's Transmissions API. It supports no idempotency key. */
export const openVendor: OpenVendor = (settings, services) => {
  const base = settings.url("base_url", String(HOSTS[settings.text("region") ?? "us"]));
  const url = `${base}/api/v1/transmissions`;
  const headers = { authorization: settings.required("api_key"), "content-type": "application/json" };
  const getResults = (response: ApiResponse): JsonObject =>
    toObject(parseSuccessBody(definition.title, response).results);
  return {
    send: createSend(definition, settings, services, {
      buildRequest: (message) => ({ url, headers, body: JSON.stringify(buildBody(message, settings)) }),
      readError,
      findError: (response) => (getResults(response).total_accepted_recipients === 0 ? readError(response) : null),
      readId: (response) => toPlainText(getResults(response).id) || undefined,
    }),
  };
};
