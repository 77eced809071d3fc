import type { Message } from "../../../domain/message/message.js";
import { formatRecipient, toRecipientReference } from "../../../domain/recipient/recipient.js";
import { deepMerge, type JsonObject } from "../../../util/json.js";
import { createAwsSend } from "../../aws/create-aws-send.js";
import { getSuccessField, parseJsonObject, toPlainText } from "../../call-api.js";
import type { OpenVendor } from "../../vendor-api.js";
import { type Address, formatAddress, parseEmail } from "../parse-email.js";
import { definition } from "./definition.js";

const MAX_TAG_LENGTH = 256;

/** Characters of an encoded word, which may have 75 characters with 45 bytes of text in base64. */
const WORD_LENGTH = 11;

/** Returns a text in ASCII, as encoded words (RFC 2047) if it has other characters, which SES refuses in headers. */
function encodeHeader(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const characters = [...text];
  const words = Array.from({ length: Math.ceil(characters.length / WORD_LENGTH) }, (_, index) =>
    characters.slice(index * WORD_LENGTH, (index + 1) * WORD_LENGTH).join(""),
  );
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString("base64")}?=`).join(" ");
}

/** Returns an address in ASCII. */
function encodeAddress({ address, name }: Address): string {
  const encoded = encodeHeader(name ?? "");
  return encoded === (name ?? "") ? formatAddress({ address, name }) : `${encoded} <${address}>`;
}

/** Returns tags with the characters that SES accepts (CH-093). One without any such character is left out. */
function buildTags(tags: Readonly<Record<string, string>>): JsonObject[] {
  return Object.entries(tags)
    .map(([Name, value]) => ({ Name, Value: value.replace(/[^\w-]/g, "").slice(0, MAX_TAG_LENGTH) }))
    .filter(({ Value }) => Value !== "");
}

const encodeText = (Data: string): JsonObject => ({ Data, Charset: "UTF-8" });

/** Returns the body of a request, into which the overrides are merged (CH-093). */
function buildBody(message: Message): JsonObject {
  const email = parseEmail(message);
  const { html, headers, attachments } = email;
  const text = email.text ?? (html === null ? "" : null);
  const body = {
    FromEmailAddress: encodeAddress(email.from),
    Destination: {
      ToAddresses: [encodeAddress(email.to)],
      ...(email.cc.length === 0 ? {} : { CcAddresses: email.cc.map(encodeAddress) }),
      ...(email.bcc.length === 0 ? {} : { BccAddresses: email.bcc.map(encodeAddress) }),
    },
    ...(email.reply_to.length === 0 ? {} : { ReplyToAddresses: email.reply_to.map(encodeAddress) }),
    Content: {
      Simple: {
        Subject: encodeText(email.subject),
        Body: {
          ...(html === null ? {} : { Html: encodeText(html) }),
          ...(text === null ? {} : { Text: encodeText(text) }),
        },
        ...(Object.keys(headers).length === 0
          ? {}
          : { Headers: Object.entries(headers).map(([Name, value]) => ({ Name, Value: encodeHeader(value) })) }),
        ...(attachments.length === 0
          ? {}
          : {
              Attachments: attachments.map(({ name, content, content_type, content_id }) => ({
                FileName: name,
                RawContent: content,
                ContentTransferEncoding: "BASE64",
                ContentDisposition: content_id === null ? "ATTACHMENT" : "INLINE",
                ...(content_type === null ? {} : { ContentType: content_type }),
                ...(content_id === null ? {} : { ContentId: content_id }),
              })),
            }),
      },
    },
    EmailTags: buildTags({
      Sender: "knock.app",
      knock_message_id: message.id,
      knock_workflow: message.workflow,
      knock_recipient_id: formatRecipient(toRecipientReference(message.recipient)),
    }),
  };
  return deepMerge(body, email.overrides);
}

/** Opens Amazon SES with version 2 of its API. It supports no idempotency key; a tag contains the message's ID (CH-093). */
export const openVendor: OpenVendor = (settings, services) => ({
  send: createAwsSend(definition, settings, services, {
    service: "ses",
    host: "email",
    path: "/v2/email/outbound-emails",
    content_type: "application/json",
    buildBody: (message) => ({ body: JSON.stringify(buildBody(message)) }),
    readError({ headers, text }) {
      const { message, Message: other, __type, code } = parseJsonObject(text) ?? {};
      const type = toPlainText(headers["x-amzn-errortype"] ?? __type ?? code);
      // The code can have a namespace before it and a URL after it.
      return { message: message ?? other, code: type.split(":", 1)[0]?.split("#").at(-1) };
    },
    readId: (response) => getSuccessField(definition.title, response, "MessageId"),
  }),
});
