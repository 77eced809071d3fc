import { deepMerge, isJsonObject, type JsonObject } from "../../../util/json.js";
import { type CompiledText, RenderError } from "../../liquid/liquid.js";
import {
  type ChannelRenderer,
  getTextProperty,
  type RenderContext,
  renderJson,
  resolveChannelSetting,
  type TemplateReader,
} from "../channel-renderer.js";
import { buildEmailHeaders } from "./build-email-headers.js";
import { compileEmailBody, type SharedEmailTemplates } from "./compile-email-body.js";
import { removeTrackingMarks } from "./email-html.js";
import { parseAttachments } from "./parse-attachments.js";

/** Compiles a setting. The step's override takes precedence over the channel's setting unless it is blank (E-178, EQ-28). */
function compileSetting(overrides: TemplateReader, name: string): (context: RenderContext) => string | null {
  const text: CompiledText | null = overrides.compileText(name);
  return (context) => text?.(context.scope).trim() || resolveChannelSetting(name, context);
}

/** Compiles an address. Throws {@link RenderError} for line breaks, with which data could add headers. */
function compileAddress(overrides: TemplateReader, name: string): (context: RenderContext) => string | null {
  const read = compileSetting(overrides, name);
  return (context) => {
    const value = read(context);
    if (value !== null && /[\r\n\0]/.test(value))
      throw new RenderError(`${overrides.getFieldPath(name)} must not contain line breaks once rendered`);
    return value;
  };
}

/** Replaces the line breaks of a subject or name with spaces, because headers have one line. */
function toSingleLine(text: string): string {
  return text.replaceAll(/[\r\n\0]+/g, " ").trim();
}

/** Throws {@link RenderError} for a list of addresses. Only `cc` and `bcc` can have several (CH-081). */
function checkOneAddress(value: string, fieldPath: string): void {
  if (/[\r\n\0]/.test(value)) throw new RenderError(`${fieldPath} must not contain line breaks once rendered`);
  if (/[,;]/.test(value.replaceAll(/"[^"]*"/g, "")))
    throw new RenderError(`${fieldPath} must be one address once rendered: lists are for cc_address and bcc_address`);
}

/**
 * Compiles the JSON that is merged into the provider's request. The step's overrides take precedence over the channel's
 * (CH-080, CHQ-8).
 */
function compileJsonOverrides(overrides: TemplateReader): (context: RenderContext) => JsonObject | null {
  const stepOverrides = overrides.compileText("json_overrides");
  const fieldPath = overrides.getFieldPath("json_overrides");
  return (context) => {
    const declared = context.channel.settings.json_overrides;
    const base = isJsonObject(declared)
      ? declared
      : renderJson(
          () => resolveChannelSetting("json_overrides", context) ?? "",
          context.scope,
          "the channel's json_overrides",
        );
    const override = renderJson(stepOverrides, context.scope, fieldPath);
    return base === null && override === null ? null : deepMerge(base ?? {}, override ?? {});
  };
}

function getTenantBranding({ tenant }: RenderContext): JsonObject | null {
  const settings = tenant?.properties.settings;
  const branding = isJsonObject(settings) ? settings.branding : null;
  return isJsonObject(branding) ? branding : null;
}

/** Compiles an email step (A-474, section 8 of the templates catalog). */
export async function compileEmail(
  template: TemplateReader,
  overrides: TemplateReader,
  shared: SharedEmailTemplates,
): Promise<ChannelRenderer> {
  const subject = template.compileText("subject");
  const settings = template.getSection("settings");
  const preview = settings.compileText("preview_text") ?? template.compileText("preview_text");
  const attachmentKey = settings.getSource("attachment_key");
  const body = await compileEmailBody(template, shared);
  const to = compileSetting(overrides, "to_address");
  const fromAddress = compileAddress(overrides, "from_address");
  const fromName = compileSetting(overrides, "from_name");
  const cc = compileAddress(overrides, "cc_address");
  const bcc = compileAddress(overrides, "bcc_address");
  const replyTo = compileAddress(overrides, "reply_to_address");
  const payload = compileJsonOverrides(overrides);

  return {
    missingData: "no email address",
    resolveDestinations(context) {
      // If the override renders as blank text, the recipient's own address is used (EQ-29).
      const override = to(context);
      const address = override ?? getTextProperty(context.recipient, "email");
      if (address === null) return [];
      checkOneAddress(address, override === null ? "recipient.email" : overrides.getFieldPath("to_address"));
      return [{ address, snapshot: { email: address, name: getTextProperty(context.recipient, "name") } }];
    },
    render(context, { address: recipient }): JsonObject {
      const { scope } = context;
      const { html, text } = body(scope, getTenantBranding(context), toSingleLine(preview?.(scope) ?? ""));
      const name = fromName(context);
      const from = fromAddress(context) ?? "";
      const json = payload(context);
      const headers = buildEmailHeaders(scope, json);
      const attachments = parseAttachments(attachmentKey, context);
      const content: JsonObject = {
        __typename: "MessageEmailContent",
        to: recipient,
        from: name === null ? from : `${toSingleLine(name)} <${from}>`,
        cc: cc(context),
        bcc: bcc(context),
        reply_to: replyTo(context),
        subject_line: toSingleLine(subject?.(scope) ?? ""),
        html_body: context.isTracked ? html : removeTrackingMarks(html),
        text_body: text,
      };
      // The API's document does not have these fields, so they are added only if they have a value.
      if (headers !== null) content.headers = headers;
      if (attachments.length > 0) content.attachments = attachments;
      if (json !== null) content.json_overrides = json;
      return content;
    },
  };
}
