import { deepMerge, isJsonObject, type JsonObject } from "../../../util/json.js";
import { RenderError, type Text } from "../../liquid/liquid.js";
import {
  type ChannelRenderer,
  channelSetting,
  type RenderContext,
  renderJson,
  type TemplateReader,
  textProperty,
} from "../channel-renderer.js";
import { attachmentsOf } from "./email-attachments.js";
import { compileBody, type SharedForEmail } from "./email-body.js";
import { emailHeaders } from "./email-headers.js";
import { withoutTrackingMarks } from "./email-html.js";

/** Strings of the step's overrides beat the channel's settings; blank ones fall through (E-178, EQ-28). */
function setting(overrides: TemplateReader, name: string): (context: RenderContext) => string | null {
  const text: Text | null = overrides.text(name);
  return (context) => text?.(context.scope).trim() || channelSetting(name, context);
}

/** An address that would begin a header of its own is refused: it comes from data. */
function address(overrides: TemplateReader, name: string): (context: RenderContext) => string | null {
  const read = setting(overrides, name);
  return (context) => {
    const value = read(context);
    if (value !== null && /[\r\n\0]/.test(value))
      throw new RenderError(`${overrides.placeOf(name)} must not hold line breaks once rendered`);
    return value;
  };
}

/** Line breaks of a subject or a name are spaces: these are texts of one line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]+/g, " ").trim();
}

/** `to` is one address (CH-081): a list is only possible for copies. */
function checkOneAddress(value: string, place: string): void {
  if (/[\r\n\0]/.test(value)) throw new RenderError(`${place} must not hold line breaks once rendered`);
  if (/[,;]/.test(value.replaceAll(/"[^"]*"/g, "")))
    throw new RenderError(`${place} must be one address once rendered: lists are for cc_address and bcc_address`);
}

/** JSON that is merged into the provider's request: the channel's, with the step's over it (CH-080, CHQ-8). */
function jsonOverrides(overrides: TemplateReader): (context: RenderContext) => JsonObject | null {
  const own = overrides.text("json_overrides");
  const place = overrides.placeOf("json_overrides");
  return (context) => {
    const declared = context.channel.settings.json_overrides;
    const base = isJsonObject(declared)
      ? declared
      : renderJson(
          () => channelSetting("json_overrides", context) ?? "",
          context.scope,
          "the channel's json_overrides",
        );
    const over = renderJson(own, context.scope, place);
    return base === null && over === null ? null : deepMerge(base ?? {}, over ?? {});
  };
}

function tenantBranding({ tenant }: RenderContext): JsonObject | null {
  const settings = tenant?.properties.settings;
  const branding = isJsonObject(settings) ? settings.branding : null;
  return isJsonObject(branding) ? branding : null;
}

/** E-mail (A-474, section 8 of the templates catalogue). */
export async function compileEmail(
  template: TemplateReader,
  overrides: TemplateReader,
  shared: SharedForEmail,
): Promise<ChannelRenderer> {
  const subject = template.text("subject");
  const settings = template.section("settings");
  const preview = settings.text("preview_text") ?? template.text("preview_text");
  const attachmentKey = settings.source("attachment_key");
  const body = await compileBody(template, shared);
  const to = setting(overrides, "to_address");
  const fromAddress = address(overrides, "from_address");
  const fromName = setting(overrides, "from_name");
  const cc = address(overrides, "cc_address");
  const bcc = address(overrides, "bcc_address");
  const replyTo = address(overrides, "reply_to_address");
  const payload = jsonOverrides(overrides);

  return {
    needs: "no e-mail address",
    destinations(context) {
      // The override first; where it renders blank, the recipient's own address (EQ-29).
      const own = to(context);
      const found = own ?? textProperty(context.recipient, "email");
      if (found === null) return [];
      checkOneAddress(found, own === null ? "recipient.email" : overrides.placeOf("to_address"));
      return [{ address: found, snapshot: { email: found, name: textProperty(context.recipient, "name") } }];
    },
    render(context, { address: recipient }): JsonObject {
      const { scope } = context;
      const { html, text } = body(scope, tenantBranding(context), oneLine(preview?.(scope) ?? ""));
      const name = fromName(context);
      const from = fromAddress(context) ?? "";
      const json = payload(context);
      const headers = emailHeaders(scope, json);
      const attachments = attachmentsOf(attachmentKey, context);
      const content: JsonObject = {
        __typename: "MessageEmailContent",
        to: recipient,
        from: name === null ? from : `${oneLine(name)} <${from}>`,
        cc: cc(context),
        bcc: bcc(context),
        reply_to: replyTo(context),
        subject_line: oneLine(subject?.(scope) ?? ""),
        html_body: context.isTracked ? html : withoutTrackingMarks(html),
        text_body: text,
      };
      // Beside the API's fields, and only where there are some.
      if (headers !== null) content.headers = headers;
      if (attachments.length > 0) content.attachments = attachments;
      if (json !== null) content.json_overrides = json;
      return content;
    },
  };
}
