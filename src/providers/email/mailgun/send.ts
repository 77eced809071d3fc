import type { Message } from "../../../domain/message/message.js";
import { formatRecipient, toRecipientReference } from "../../../domain/recipient/recipient.js";
import { getSuccessField } from "../../call-api.js";
import type { SettingsReader } from "../../settings-reader.js";
import { createSend, type OpenVendor, readErrorFields } from "../../vendor-api.js";
import { formatAddress, parseEmail } from "../parse-email.js";
import { definition } from "./definition.js";

const HOSTS: Readonly<Record<string, string>> = { us: "https://api.mailgun.net", eu: "https://api.eu.mailgun.net" };

const formatFlag = (value: boolean): string => (value ? "yes" : "no");

/** Returns the form of a message, with the overrides as further fields (CH-094). */
function buildForm(message: Message, settings: SettingsReader): FormData {
  const email = parseEmail(message);
  const form = new FormData();
  const append = (name: string, value: unknown): void => {
    for (const item of [value].flat())
      if (item !== null && item !== undefined)
        form.append(name, typeof item === "string" ? item : JSON.stringify(item));
  };
  const [open, link] = [settings.flag("open_tracking"), settings.flag("link_tracking")];
  const fields: Record<string, unknown> = {
    from: formatAddress(email.from),
    to: formatAddress(email.to),
    cc: email.cc.map(formatAddress),
    bcc: email.bcc.map(formatAddress),
    subject: email.subject,
    html: email.html,
    text: email.text ?? (email.html === null ? " " : null),
    ...(email.reply_to.length === 0 ? {} : { "h:Reply-To": email.reply_to.map(formatAddress).join(", ") }),
    ...Object.fromEntries(Object.entries(email.headers).map(([name, value]) => [`h:${name}`, value])),
    "v:sender": "knock.app",
    "v:knock_message_id": message.id,
    "v:knock_recipient_id": formatRecipient(toRecipientReference(message.recipient)),
    "o:tag": message.workflow,
    ...(open === null ? {} : { "o:tracking-opens": formatFlag(open) }),
    ...(link === null ? {} : { "o:tracking-clicks": formatFlag(link) }),
    ...email.overrides,
  };
  for (const [name, value] of Object.entries(fields)) append(name, value);
  for (const { name, content, content_type, content_id } of email.attachments) {
    const type = content_type ?? "application/octet-stream";
    const file = new Blob([Buffer.from(content, "base64")], { type });
    // Mailgun takes the name of an inline file as its content ID.
    form.append(content_id === null ? "attachment" : "inline", file, content_id ?? name);
  }
  return form;
}

/** Opens Mailgun's Messages API. It supports no idempotency key; a variable contains the message's ID (CH-094). */
export const openVendor: OpenVendor = (settings, services) => {
  const base = settings.url("base_url", String(HOSTS[settings.text("region") ?? "us"]));
  const credentials = Buffer.from(`api:${settings.required("api_key")}`).toString("base64");
  settings.addSecret(credentials);
  const url = `${base}/v3/${encodeURIComponent(settings.required("domain"))}/messages`;
  return {
    send: createSend(definition, settings, services, {
      async buildRequest(message) {
        const { headers, body } = await encodeForm(buildForm(message, settings));
        return { url, headers: { ...headers, authorization: `Basic ${credentials}` }, body };
      },
      readError: (response) => readErrorFields(response),
      readId: (response) => getSuccessField(definition.title, response, "id"),
    }),
  };
};

/** Returns a form as a body, with the header that says where its parts begin. */
async function encodeForm(form: FormData): Promise<{ headers: Record<string, string>; body: Buffer }> {
  const encoded = new Response(form);
  const type = encoded.headers.get("content-type") ?? "";
  return { headers: { "content-type": type }, body: Buffer.from(await encoded.arrayBuffer()) };
}
