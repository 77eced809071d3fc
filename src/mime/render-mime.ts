import MailComposer from "nodemailer/lib/mail-composer";
import { filterObjects, isJsonObject, type JsonObject } from "../util/json.js";

interface MimeOptions {
  /** The ID of the message, from which the `Message-ID` is built. */
  message_id: string;
  date: Date;
}

interface Address {
  name: string;
  address: string;
}

/** Parses `Name <address>` of the content document, where the name is not quoted as it has to be in a header. */
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

/** Returns the host for a `Message-ID`: the sender's, or a host name that cannot exist. */
function getSenderHost(from: Address | string): string {
  const address = typeof from === "string" ? from : from.address;
  return /@([\w.-]+)>?$/.exec(address.trim())?.[1] ?? "localhost.invalid";
}

/**
 * Renders the content document of an email, including its headers and attachments, as a MIME message (RFC 5322) with CRLF
 * line ends. The same content results in the same bytes. There is no header for `bcc`, which belongs to the envelope
 * (A-474).
 */
export async function renderMime(content: JsonObject, { message_id, date }: MimeOptions): Promise<string> {
  const from = parseFromAddress(String(content.from ?? ""));
  const headers = isJsonObject(content.headers) ? content.headers : {};
  const attachments = filterObjects(content.attachments);
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
    // The content document contains all parts of the email, so nothing may be read from files or URLs.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return (await mail.compile().build()).toString("utf8");
}
