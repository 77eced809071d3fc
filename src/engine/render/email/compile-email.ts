import { deepMerge, getValueAtPath, isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import { type CompiledText, RenderError, type RenderScope } from "../../liquid/liquid.js";
import {
  type ChannelRenderer,
  getTextProperty,
  type RenderContext,
  renderJson,
  resolveChannelSetting,
  type TemplateReader,
} from "../channel-renderer.js";
import { compileEmailBody, type SharedEmailTemplates } from "./compile-email-body.js";
import { removeTrackingMarks } from "./email-html.js";

/** The path of an email's attachments in `data` if its template does not set `attachment_key`. */
const DEFAULT_ATTACHMENTS_KEY = "attachments";

const LINE_BREAK = /[\r\n\0]/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function parseField(attachment: JsonObject, name: string, fieldPath: string): string {
  const value = attachment[name];
  if (typeof value !== "string" || value === "")
    throw new RenderError(`${fieldPath}.${name} must be a non-empty string`);
  return value;
}

function parseAttachment(value: Json, fieldPath: string): JsonObject {
  if (!isJsonObject(value)) throw new RenderError(`${fieldPath} must be an object with name, content_type and content`);
  const name = parseField(value, "name", fieldPath);
  const contentType = parseField(value, "content_type", fieldPath);
  const content = typeof value.content === "string" ? value.content.replaceAll(/\s/g, "") : null;
  if (LINE_BREAK.test(name)) throw new RenderError(`${fieldPath}.name must not contain line breaks`);
  if (!/^[\w.+-]+\/[\w.+-]+(\s*;[^\r\n\0]*)?$/.test(contentType))
    throw new RenderError(`${fieldPath}.content_type must be a media type such as application/pdf`);
  if (content === null || !BASE64.test(content)) throw new RenderError(`${fieldPath}.content must be base64`);
  const { content_id: id = null, disposition = null } = value;
  if (id !== null && (typeof id !== "string" || /[\s<>\0]/.test(id)))
    throw new RenderError(`${fieldPath}.content_id must not contain spaces or angle brackets`);
  if (disposition !== null && disposition !== "inline" && disposition !== "attachment")
    throw new RenderError(`${fieldPath}.disposition must be "inline" or "attachment"`);
  return {
    name,
    content_type: contentType,
    content,
    ...(id === null ? {} : { content_id: id }),
    ...(disposition === null ? {} : { disposition }),
  };
}

/** Returns the value at the path. After a batch, it is the opening activity's value unless a later step changed it (E-191). */
function findAttachmentsValue(path: readonly string[], { scope, batch }: RenderContext): Json | null {
  const current = getValueAtPath(scope.data, path);
  const isFromBatch = batch && current === getValueAtPath(batch.reduced, path);
  return ((isFromBatch ? getValueAtPath(batch.first, path) : current) ?? null) as Json;
}

/**
 * Returns the attachments of an email, from one object or a list of objects at a dotted path in `data`. Throws
 * {@link RenderError} for an invalid attachment (T-131).
 */
function parseAttachments(key: string, context: RenderContext): JsonObject[] {
  const path = (key === "" ? DEFAULT_ATTACHMENTS_KEY : key).split(".");
  const value = findAttachmentsValue(path, context);
  if (value === null) return [];
  const fieldPath = `data.${path.join(".")}`;
  return Array.isArray(value)
    ? value.map((attachment, index) => parseAttachment(attachment, `${fieldPath}[${index}]`))
    : [parseAttachment(value, fieldPath)];
}

/** Headers that the email's own fields set. Overrides cannot replace them. */
const RESERVED_HEADERS = new Set([
  ...["from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version", "sender"],
  ...["content-type", "content-transfer-encoding", "content-disposition"],
]);

/** Builds the headers with which mail programs offer to unsubscribe. Empty unless the workflow is commercial (T-240). */
function buildUnsubscribeHeaders({ workflow, vars }: RenderScope): Record<string, string> {
  const url = isJsonObject(vars) ? vars.commercial_unsubscribe_url : null;
  if (!isJsonObject(workflow) || workflow.commercial !== true || typeof url !== "string") return {};
  return { "List-Unsubscribe": `<${url}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" };
}

/**
 * Builds the additional headers of an email: those to unsubscribe, and the `headers` of the JSON overrides as texts. Null if
 * there are no additional headers. Throws {@link RenderError} for invalid or reserved names and for line breaks (CH-090).
 */
function buildEmailHeaders(scope: RenderScope, overrides: JsonObject | null): JsonObject | null {
  const headers: JsonObject = buildUnsubscribeHeaders(scope);
  const overriddenHeaders = overrides?.headers ?? {};
  if (!isJsonObject(overriddenHeaders)) throw new RenderError("json_overrides.headers must be an object");
  for (const [name, value] of Object.entries(overriddenHeaders)) {
    const fieldPath = `json_overrides.headers[${JSON.stringify(name)}]`;
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new RenderError(`${fieldPath} is not a valid header name`);
    if (RESERVED_HEADERS.has(name.toLowerCase())) throw new RenderError(`${fieldPath} cannot be overridden`);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (/[\r\n\0]/.test(text)) throw new RenderError(`${fieldPath} must not contain line breaks`);
    for (const known of Object.keys(headers)) if (known.toLowerCase() === name.toLowerCase()) delete headers[known];
    headers[name] = text;
  }
  return Object.keys(headers).length === 0 ? null : headers;
}

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
