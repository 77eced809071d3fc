import MailComposer from "nodemailer/lib/mail-composer";
import { isJsonObject, type JsonObject } from "../util/json.js";

interface MimeOptions {
  /** The message's own id, of which the `Message-ID` is made. */
  message_id: string;
  date: Date;
}

interface Address {
  name: string;
  address: string;
}

/** `Name <address>` as the content document has it: the name may hold what would need quotes in a header. */
function parseFromAddress(text: string): Address | string {
  const parts = /^(.*) <([^<>]*)>$/s.exec(text);
  return parts ? { name: parts[1] as string, address: parts[2] as string } : text;
}

function toOptionalText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function toMailAttachment(attachment: JsonObject) {
  const { name, content_type, content, content_id, disposition } = attachment;
  return {
    filename: String(name),
    contentType: String(content_type),
    content: Buffer.from(String(content), "base64"),
    ...(typeof content_id === "string" ? { cid: content_id } : {}),
    contentDisposition: disposition === "inline" ? ("inline" as const) : ("attachment" as const),
  };
}

/** The host a `Message-ID` names: the sender's, or one that cannot exist. */
function getSenderHost(from: Address | string): string {
  const address = typeof from === "string" ? from : from.address;
  return /@([\w.-]+)>?$/.exec(address.trim())?.[1] ?? "localhost.invalid";
}

/**
 * An e-mail's content document (A-474, with the headers and attachments beside it) as the whole message that a server
 * would take: RFC 5322 and MIME, lines ended by CRLF. The same content gives the same bytes. Copies to `bcc` are for the
 * envelope, and no header tells of them.
 */
export async function renderMime(content: JsonObject, { message_id, date }: MimeOptions): Promise<string> {
  const from = parseFromAddress(String(content.from ?? ""));
  const headers = isJsonObject(content.headers) ? content.headers : {};
  const attachments = Array.isArray(content.attachments) ? content.attachments.filter(isJsonObject) : [];
  const mail = new MailComposer({
    from: from === "" ? undefined : from,
    to: toOptionalText(content.to),
    cc: toOptionalText(content.cc),
    bcc: toOptionalText(content.bcc),
    replyTo: toOptionalText(content.reply_to),
    subject: String(content.subject_line ?? ""),
    text: String(content.text_body ?? ""),
    html: String(content.html_body ?? ""),
    headers: Object.entries(headers).map(([key, value]) => ({ key, value: String(value) })),
    attachments: attachments.map(toMailAttachment),
    messageId: `<${message_id}@${getSenderHost(from)}>`,
    date,
    baseBoundary: message_id,
    // Nothing of an e-mail is fetched: what it carries, it has.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return (await mail.compile().build()).toString("utf8");
}
