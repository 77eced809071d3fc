import type { Message } from "../../../domain/message/message.js";
import { formatRecipient, toRecipientReference } from "../../../domain/recipient/recipient.js";
import { deepMerge, type JsonObject } from "../../../util/json.js";
import { createAwsSend } from "../../aws/create-aws-send.js";
import { getSuccessField, parseJsonObject } from "../../call-api.js";
import type { OpenVendor } from "../../vendor-api.js";
import { type Address, formatAddress, parseEmail } from "../parse-email.js";
import { definition } from "./definition.js";

const MAX_TAG_LENGTH = 256;

/** Returns an address in ASCII, with the name as an encoded word (RFC 2047) if it has other characters. */
function encodeAddress({ address, name }: Address): string {
  if (name === null || /^[\x20-\x7e]*$/.test(name)) return formatAddress({ address, name });
  return `=?UTF-8?B?${Buffer.from(name).toString("base64")}?= <${address}>`;
}

/** Returns tags with the characters that SES accepts (CH-093). */
function buildTags(tags: Readonly<Record<string, string>>): JsonObject[] {
  return Object.entries(tags).map(([Name, value]) => ({
    Name,
    Value: value.replace(/[^\w-]/g, "_").slice(0, MAX_TAG_LENGTH),
  }));
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
          : { Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })) }),
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
      Sender: "knock_app",
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
    ...{ service: "ses", host: "email", path: "/v2/email/outbound-emails", content_type: "application/json" },
    buildBody: (message) => ({ body: JSON.stringify(buildBody(message)) }),
    readError({ headers, text }) {
      const { message, Message: other } = parseJsonObject(text) ?? {};
      // The code can be followed by a URL.
      return { message: message ?? other, code: headers["x-amzn-errortype"]?.split(":", 1)[0] };
    },
    readId: (response) => getSuccessField(definition.title, response, "MessageId"),
  }),
});
