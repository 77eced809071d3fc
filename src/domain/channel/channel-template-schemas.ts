import * as z from "zod/mini";
import { once } from "../../util/once.js";
import type { ReportFinding } from "../findings/report-finding.js";
import type { ChannelType } from "../message/channel-types.js";
import {
  anyObject,
  choice,
  described,
  flag,
  isEmpty,
  lazySchema,
  optional,
  record,
  rule,
  text,
} from "../schema/fields.js";
import { HTTP_METHODS, keyValuePairs } from "../step/http-request.js";
import { visualBlocksSchema } from "../template/visual-blocks-schema.js";

const required = (description: string) => described(z.string(), description);

/** Returns a field that accepts any value. */
const anyField = (description: string, example?: unknown) => described(z.optional(z.unknown()), description, example);

/** Reports errors in an email's template that need no other file (F-042, F-043). */
function checkEmailTemplate(template: Readonly<Record<string, unknown>>, report: ReportFinding): void {
  const { visual_blocks: blocks, html_body: html } = template;
  const hasBlocks = blocks !== null && blocks !== undefined;
  if (hasBlocks && typeof html === "string") report(["html_body"], "cannot be combined with visual_blocks");
  if (!hasBlocks && (html === null || html === undefined))
    report(["html_body"], "is required (the email's HTML, or visual_blocks)");
  if (template.is_mjml === true && hasBlocks)
    report(["is_mjml"], "is only supported with html_body: visual blocks use the format of their layout");
}

/**
 * The schema of each channel type's template (section 7 of the format). It is built when the first step of the type is
 * checked.
 */
export const channelTemplateSchemas = {
  email: once(() =>
    z
      .strictObject({
        subject: required("The subject. Liquid."),
        settings: described(
          optional(
            z.strictObject({
              layout_key: text("The key of the email layout."),
              pre_content: text("Content before the body in the layout. Liquid.", "{{ data.summary }}"),
              attachment_key: text("The key in data that contains the attachments."),
              preview_text: text("The text that inboxes show after the subject. Liquid."),
            }),
          ),
          "Settings of the email.",
        ),
        visual_blocks: described(
          optional(lazySchema(visualBlocksSchema)),
          "The body as visual blocks, instead of html_body.",
        ),
        html_body: text("The body: HTML or MJML. Liquid."),
        text_body: text("The plain text (default: generated from the HTML). Liquid.", "Hello, {{ recipient.name }}"),
        preview_text: text("Alias of settings.preview_text."),
        is_mjml: flag("Whether html_body is MJML (default: false)."),
      })
      .check(rule(checkEmailTemplate)),
  ),
  sms: once(() =>
    z.strictObject({
      text_body: required("The text. Liquid."),
      settings: described(
        optional(
          z.strictObject({
            to_number: text(
              "The number that the message is sent to (default: the recipient's). Liquid.",
              "{{ data.phone }}",
            ),
            payload_overrides: text("JSON that is merged into the provider's request. Liquid.", '{ "ttl": "3600s" }'),
          }),
        ),
        "Settings of the message.",
      ),
    }),
  ),
  push: once(() =>
    z.strictObject({
      title: text("The title. Liquid."),
      text_body: required("The text. Liquid."),
      settings: described(
        optional(
          z.strictObject({
            delivery_type: choice(["content", "silent"], "silent: delivers only data (default: content)."),
            payload_overrides: text("JSON that is merged into the provider's request. Liquid.", '{ "ttl": "3600s" }'),
          }),
        ),
        "Settings of the notification.",
      ),
    }),
  ),
  chat: once(() =>
    z
      .strictObject({
        markdown_body: text("The message. Liquid."),
        json_body: text("The message as JSON blocks of the chat service. Liquid.", '{ "blocks": [] }'),
        summary: text("The text of notifications about the message. Liquid."),
        settings: described(
          optional(
            z.strictObject({
              recipient_connection: anyField(
                "Where the message is sent (default: the recipient's connections).",
                '{"channel_id":"{{ data.channel }}"}',
              ),
              reply_to_step_ref: anyField(
                "The ref of an earlier step whose message this message replies to.",
                "chat_1",
              ),
              parent_message_id: anyField("The message to reply to. Liquid.", "{{ data.message_id }}"),
              send_to_channel: anyField("Whether a reply is also shown in the channel.", true),
            }),
          ),
          "Settings of the message.",
        ),
      })
      .check(
        rule(({ markdown_body, json_body }, report) => {
          if (isEmpty(markdown_body) && isEmpty(json_body)) report(["markdown_body"], "is required (or json_body)");
        }),
      ),
  ),
  in_app_feed: once(() => {
    const button = z.strictObject({
      label: required("The text of the button. Liquid."),
      action: required("The URL of the button. Liquid."),
    });
    return z.strictObject({
      markdown_body: required("The message. Liquid."),
      action_url: text("The URL that the message opens. Liquid."),
      action_buttons: described(optional(z.array(button)), "The buttons below the message."),
    });
  }),
  http: once(() =>
    z.strictObject({
      method: described(
        z.enum([...HTTP_METHODS, "GET", "POST", "PUT", "DELETE", "PATCH"]),
        "The method of the request.",
      ),
      url: required("The URL of the request. Liquid."),
      headers: keyValuePairs("The request's headers."),
      query_params: keyValuePairs("Parameters that are added to the URL's query."),
      body: text("The body. Liquid.", '{ "page": "{{ data.page }}" }'),
      inputs: described(optional(record(z.string())), "Values that the request's templates read as inputs. Liquid.", {
        parcel: "{{ data.parcel }}",
      }),
    }),
  ),
  /** The content is in the guide. */
  in_app_guide: once(() => anyObject()),
} satisfies Record<ChannelType, () => z.ZodMiniType>;
