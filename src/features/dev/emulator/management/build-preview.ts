import type { Channel, Environment } from "../../../../domain/environment/environment.js";
import { resolveChannelTypes } from "../../../../domain/project/resolve-channel-types.js";
import type { StepPreview } from "../../../../domain/run/step-preview.js";
import { parseWorkflow } from "../../../../domain/workflow/parse-workflow.js";
import type { Workflow } from "../../../../domain/workflow/workflow.js";
import { getErrorMessage, KnockError } from "../../../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";

/** The key of a workflow, layout or partial that exists only for a preview, and the ref of its step. */
export const PREVIEW_KEY = "preview";

/** Builds a workflow with one channel step. Its channel is the first of its type that the environment declares. */
export function buildPreviewWorkflow(
  channelType: string,
  template: JsonObject,
  environment: Environment,
  settings: JsonObject = {},
): Workflow {
  const channels = Object.values(environment.channels).filter((channel): channel is Channel => channel !== null);
  const channel_key = channels.find(({ type }) => type === channelType)?.key ?? PREVIEW_KEY;
  const step = { ref: PREVIEW_KEY, type: "channel", channel_type: channelType, channel_key, template };
  return resolveChannelTypes(parseWorkflow(PREVIEW_KEY, { name: "Preview", ...settings, steps: [step] }), environment);
}

const toText = (value: Json | undefined): string => (typeof value === "string" ? value : "");

/** Returns the blocks of a feed message in the fields of its template. */
function readFeedTemplate({ blocks }: JsonObject): JsonObject {
  const template: JsonObject = { markdown_body: "" };
  for (const block of Array.isArray(blocks) ? blocks.filter(isJsonObject) : []) {
    if (block.name === "body") template.markdown_body = block.rendered as Json;
    if (block.name === "action_url") template.action_url = block.rendered as Json;
    if (Array.isArray(block.buttons))
      template.action_buttons = block.buttons.filter(isJsonObject).map(({ label, action }) => ({
        label: toText(label),
        action: toText(action),
      }));
  }
  return template;
}

function readChatTemplate({ template }: JsonObject): JsonObject {
  const { blocks, json_content, summary } = template as JsonObject;
  const [body] = Array.isArray(blocks) ? blocks : [];
  return {
    markdown_body: isJsonObject(body) ? toText(body.content) : "",
    ...(isJsonObject(json_content) ? { json_body: JSON.stringify(json_content) } : {}),
    ...(typeof summary === "string" ? { summary } : {}),
  };
}

const toPairs = (pairs: Json | undefined): Json[] =>
  isJsonObject(pairs) ? Object.entries(pairs).map(([key, value]) => ({ key, value: toText(value) })) : [];

const READERS: Record<string, (content: JsonObject, source: JsonObject) => JsonObject> = {
  email: ({ subject_line, html_body, text_body }, { settings }) => ({
    subject: toText(subject_line),
    html_body: toText(html_body),
    text_body: toText(text_body),
    settings: isJsonObject(settings) ? settings : {},
  }),
  sms: ({ body }) => ({ text_body: toText(body) }),
  push: ({ title, body }, { settings }) => ({
    title: toText(title),
    text_body: toText(body),
    settings: { delivery_type: isJsonObject(settings) ? (settings.delivery_type ?? "content") : "content" },
  }),
  chat: readChatTemplate,
  in_app_feed: readFeedTemplate,
  http: ({ method, url, headers, query_params, body }) => ({
    method: toText(method).toLowerCase(),
    url: toText(url),
    headers: toPairs(headers),
    query_params: toPairs(query_params),
    body: body === null || typeof body === "string" ? body : JSON.stringify(body),
  }),
};

/** Returns the template of a rendered message. `source` is the template that it was rendered from. */
export const toRenderedTemplate = (channelType: string, content: JsonObject, source: JsonObject): JsonObject =>
  READERS[channelType]?.(content, source) ?? {};

/** The errors of a preview, as the API has them. */
type PreviewErrors = { field: string | null; message: string }[];

/** Renders a step, and returns the content of its first message or the errors. */
export async function renderPreview(
  render: () => Promise<StepPreview[]>,
): Promise<{ content: JsonObject } | { errors: PreviewErrors }> {
  try {
    const [preview] = await render();
    const [content] = preview?.contents ?? [];
    if (content !== undefined) return { content: content as JsonObject };
    const reason = preview?.reason;
    const message = reason
      ? `${reason.code}${reason.detail === null ? "" : `: ${reason.detail}`}`
      : "nothing to render";
    return { errors: [{ field: null, message }] };
  } catch (error) {
    if (!(error instanceof KnockError) || error.code !== "template_invalid") throw error;
    return { errors: [{ field: null, message: getErrorMessage(error) }] };
  }
}
