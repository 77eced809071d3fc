import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import {
  definition,
  jsonObject,
  jsonObjectOrNull,
  jsonValue,
  textField,
  textOrNull,
  typeName,
} from "../../domain/schema/output-fields.js";

/** The API's content documents, with the fields that only the local target adds. */

const emailSchema = z.object({
  __typename: typeName("MessageEmailContent"),
  to: textField("The recipient's address."),
  from: textField("The sender's address."),
  cc: z.optional(textOrNull("The addresses for copies, or null.")),
  bcc: z.optional(textOrNull("The addresses for blind copies, or null.")),
  reply_to: z.optional(textOrNull("The address for replies, or null.")),
  subject_line: textField("The subject."),
  html_body: textField("The HTML part."),
  text_body: textField("The plain text part."),
  headers: z.optional(jsonObject("Additional headers.")),
  attachments: z.optional(
    described(
      z.array(
        z.object({
          name: textField("The file name."),
          content_type: textField("The media type."),
          content: textField("The content in Base64."),
          content_id: z.optional(textField("The ID by which the HTML refers to the attachment.")),
          disposition: z.optional(described(z.enum(["inline", "attachment"]), "How the attachment is shown.")),
        }),
      ),
      "The attachments.",
    ),
  ),
  json_overrides: z.optional(jsonObject("Fields of the request to the provider that the step overrides.")),
});

const payloadOverrides = () => z.optional(jsonObject("Fields of the request to the provider that the step overrides."));

const smsSchema = z.object({
  __typename: typeName("MessageSmsContent"),
  to: textField("The phone number."),
  body: textField("The text."),
  payload_overrides: payloadOverrides(),
});

const pushSchema = z.object({
  __typename: typeName("MessagePushContent"),
  token: textField("The token of the device."),
  title: textField("The title."),
  body: textField("The text."),
  data: z.optional(jsonObjectOrNull("The data for the application.")),
  payload_overrides: payloadOverrides(),
});

const chatSchema = z.object({
  __typename: typeName("MessageChatContent"),
  connection: jsonObject("The connection that is used. Secrets are left out."),
  template: described(
    z.object({
      blocks: z.optional(
        described(
          z.nullable(
            z.array(
              z.object({
                type: described(z.enum(["text", "markdown"]), "The format of the content."),
                name: textField("The name of the block."),
                content: textField("The rendered content."),
              }),
            ),
          ),
          "The blocks; null for a JSON template.",
        ),
      ),
      json_content: z.optional(jsonObjectOrNull("The rendered JSON template, or null.")),
      summary: z.optional(textOrNull("The summary, or null.")),
    }),
    "The rendered template.",
  ),
  metadata: z.optional(jsonObjectOrNull("Information about replies and connections, or null.")),
});

/** A block of an in-app feed message. */
export const feedBlockSchema = definition(
  "feed_block",
  z.union([
    z.object({
      type: described(z.enum(["markdown", "text"]), "The format of the content."),
      name: textField("The name of the block, such as body or action_url."),
      content: textField("The template of the block."),
      rendered: textField("The rendered content: HTML for Markdown."),
    }),
    z.object({
      type: described(z.literal("button_set"), "A block of buttons."),
      name: textField("The name of the block."),
      buttons: described(
        z.array(
          z.object({
            name: textField("primary or secondary."),
            label: textField("The label."),
            action: textField("The URL that the button opens."),
          }),
        ),
        "The buttons.",
      ),
    }),
  ]),
);

const feedSchema = z.object({
  __typename: typeName("MessageInAppFeedContent"),
  blocks: described(z.array(feedBlockSchema), "The blocks."),
});

const guideSchema = z.object({
  __typename: typeName("MessageInAppGuideContent"),
  schema_key: textField("The key of the message type."),
  schema_variant_key: textField("The variant of the message type."),
  content: jsonObject("The rendered fields."),
});

const pairs = (description: string) =>
  described(z.array(z.object({ key: textField("The name."), value: textField("The value.") })), description);

const webhookSchema = z.object({
  __typename: typeName("MessageWebhookContent"),
  method: textField("The HTTP method."),
  url: textField("The URL."),
  headers: pairs("The headers."),
  query_params: pairs("The query parameters."),
  body: jsonValue("The body as text or JSON."),
});

/** A content document of any channel type. */
export const contentSchema = definition(
  "content",
  described(
    z.union([emailSchema, smsSchema, pushSchema, chatSchema, feedSchema, guideSchema, webhookSchema]),
    "The content. Its __typename names its type.",
  ),
);

/** The content of a channel type other than email, as `messages show --raw` prints it. */
export const rawContentSchema = z.union([smsSchema, pushSchema, chatSchema, feedSchema, guideSchema, webhookSchema]);
