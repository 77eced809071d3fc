import { hasTrait } from "../../../../domain/message/channel-types.js";
import { toContent } from "../../../../domain/resource/resource-document.js";
import { parseEmailLayout } from "../../../../domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../../../../domain/template/parse-template-partial.js";
import { parseTrigger } from "../../../../domain/trigger/parse-trigger.js";
import type { Workflow } from "../../../../domain/workflow/workflow.js";
import type { PreviewOptions } from "../../../../ports/preview-options.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";
import { okOrNotFound, type Route, type RouteContext, type RouteResult } from "../access/route.js";
import { createInvalidFieldError, createNotFoundError } from "../http/api-error.js";
import { buildPreviewWorkflow, PREVIEW_KEY, renderPreview, toRenderedTemplate } from "./build-preview.js";
import { createManagementRoute, getAccount, readScope, withFieldErrors } from "./management-request.js";
import { readRunBranch } from "./run-routes.js";

const TEMPLATE_CHANNELS = ["email", "sms", "push", "chat", "in_app_feed"] as const;

/** The recipient of previews that have none. It is never stored. */
const PREVIEW_RECIPIENT = { id: PREVIEW_KEY, email: "preview@localhost.localdomain", phone_number: "+15555550100" };

/** The content of layouts in a preview. */
const LAYOUT_CONTENT = "The content of the email";

function readObject(body: JsonObject, name: string): JsonObject | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw createInvalidFieldError(name, "must be an object");
  return value;
}

function requireObject(body: JsonObject, name: string): JsonObject {
  const value = readObject(body, name);
  if (value === undefined) throw createInvalidFieldError(name, "is required");
  return value;
}

/** Renders one step for the recipient, actor, tenant and data of a body. */
function renderStep(
  context: RouteContext,
  body: JsonObject,
  [workflow, ref]: [workflow: string, ref: string],
  options: PreviewOptions,
) {
  const { recipient, actor, tenant, data } = body;
  if (recipient === undefined) throw createInvalidFieldError("recipient", "is required");
  const payload: JsonObject = { recipients: [recipient] };
  for (const [field, value] of Object.entries({ actor, tenant, data }))
    if (value !== undefined && value !== null) payload[field] = value;
  const { trigger } = parseTrigger(payload, workflow);
  return renderPreview(() => context.operations.previewSteps(trigger, [ref], options));
}

/** Renders a workflow that exists only for this preview. */
async function renderWorkflow(
  context: RouteContext,
  body: JsonObject,
  workflow: Workflow,
  drafts: PreviewOptions["drafts"] = {},
) {
  const options = { branch: await readRunBranch(context), drafts: { ...drafts, workflow } };
  return renderStep(context, body, [PREVIEW_KEY, PREVIEW_KEY], options);
}

async function previewTemplate(context: RouteContext): Promise<RouteResult> {
  const body = await context.body();
  const environment = await context.environment();
  const channelType = TEMPLATE_CHANNELS.find((type) => type === body.channel_type);
  if (channelType === undefined)
    throw createInvalidFieldError("channel_type", `must be one of ${TEMPLATE_CHANNELS.join(", ")}`);
  const layout = readObject(body, "layout");
  const template = { ...requireObject(body, "template") };
  const drafts: PreviewOptions["drafts"] = {};
  if (hasTrait(channelType, "hasLayout")) {
    template.settings = { ...readObject(template, "settings") };
    if (typeof layout?.key === "string") template.settings.layout_key = layout.key;
    if (typeof layout?.html_content === "string") {
      template.settings.layout_key = PREVIEW_KEY;
      const { html_content: html_layout, text_content: text_layout = "{{ content }}" } = layout;
      const document = { name: PREVIEW_KEY, html_layout, text_layout };
      drafts.emailLayout = await withFieldErrors(async () => parseEmailLayout(PREVIEW_KEY, document, "layout"));
    }
  }
  const { categories } = readObject(body, "workflow") ?? {};
  const settings: JsonObject = Array.isArray(categories) ? { categories } : {};
  const workflow = await withFieldErrors(async () =>
    buildPreviewWorkflow(channelType, template, environment, settings),
  );
  const rendered = await renderWorkflow(context, body, workflow, drafts);
  if ("errors" in rendered) return { body: { result: "error", content_type: channelType, errors: rendered.errors } };
  return {
    body: {
      result: "success",
      content_type: channelType,
      template: toRenderedTemplate(channelType, rendered.content, template),
    },
  };
}

async function previewLayout(context: RouteContext): Promise<RouteResult> {
  const body = await context.body();
  const document = toContent("email_layout", requireObject(body, "email_layout"));
  const layout = await withFieldErrors(async () => parseEmailLayout(PREVIEW_KEY, document, "email_layout"));
  const template = {
    subject: "",
    html_body: `<p>${LAYOUT_CONTENT}</p>`,
    text_body: LAYOUT_CONTENT,
    settings: { layout_key: PREVIEW_KEY },
  };
  const workflow = buildPreviewWorkflow("email", template, await context.environment());
  const rendered = await renderWorkflow(context, body, workflow, { emailLayout: layout });
  if ("errors" in rendered) return { body: { result: "error", errors: rendered.errors } };
  const { html_body, text_body } = rendered.content;
  return { body: { result: "success", layout: { html_body: html_body as Json, text_body: text_body as Json } } };
}

const INPUT_NAME = /^[a-z_][\w-]*$/i;

async function previewPartial(context: RouteContext): Promise<RouteResult> {
  const body = await context.body();
  const document = toContent("partial", requireObject(body, "partial"));
  const partial = await withFieldErrors(async () => parseTemplatePartial(PREVIEW_KEY, document, "partial"));
  const data = readObject(body, "data") ?? {};
  const layout = readObject(body, "layout")?.key;
  const inputs = Object.keys(data).filter((name) => INPUT_NAME.test(name));
  const tag = `{% render '${PREVIEW_KEY}'${inputs.map((name) => `, ${name}: data.${name}`).join("")} %}`;
  const isWrapped = partial.type === "html" && typeof layout === "string";
  const email = { subject: "", html_body: tag, settings: { layout_key: layout as Json } };
  const environment = await context.environment();
  const workflow = isWrapped
    ? buildPreviewWorkflow("email", email, environment)
    : buildPreviewWorkflow("sms", { text_body: tag }, environment);
  const request = { recipient: PREVIEW_RECIPIENT, data };
  const rendered = await renderWorkflow(context, request, workflow, { partial });
  const { type } = partial;
  if ("errors" in rendered) return { body: { result: "error", type, errors: rendered.errors } };
  const { html_body, body: text } = rendered.content;
  return { body: { result: "success", type, content: (isWrapped ? html_body : text) as Json } };
}

/** Returns a step of a workflow, which may be in a branch. */
function findStep(steps: Json | undefined, ref: string): JsonObject | undefined {
  for (const step of Array.isArray(steps) ? steps.filter(isJsonObject) : []) {
    if (step.ref === ref) return step;
    for (const list of [step.branches, step.cohort_branches])
      for (const branch of Array.isArray(list) ? list.filter(isJsonObject) : []) {
        const found = findStep(branch.steps, ref);
        if (found !== undefined) return found;
      }
  }
  return undefined;
}

async function previewStep(context: RouteContext): Promise<RouteResult> {
  const scope = await readScope(context);
  const body = await context.body();
  const [key, ref] = [context.param("key"), context.param("step_ref")];
  const stored = await getAccount(context).get(scope, { type: "workflow", id: key }, { committedOnly: false });
  if (stored === null) return okOrNotFound(null);
  const step = findStep(stored.content.steps, ref);
  if (step === undefined) throw createNotFoundError(`The workflow ${key} has no step ${JSON.stringify(ref)}`);
  const source = readObject(step, "template");
  if (source === undefined) throw createInvalidFieldError("step_ref", "must be the ref of a step with a template");
  const rendered = await renderStep(context, body, [key, ref], { branch: await readRunBranch(context) });
  const content_type = String(step.channel_type);
  if ("errors" in rendered)
    return { body: { result: "error", content_type, template: source, errors: rendered.errors } };
  return {
    body: { result: "success", content_type, template: toRenderedTemplate(content_type, rendered.content, source) },
  };
}

export const previewRoutes: Route[] = [
  createManagementRoute("A-935", "POST /v1/workflows/{key}/steps/{step_ref}/preview_template", previewStep),
  createManagementRoute("A-940", "POST /v1/email_layouts/preview", previewLayout),
  createManagementRoute("A-945", "POST /v1/partials/preview", previewPartial),
  createManagementRoute("A-993", "POST /v1/templates/preview", previewTemplate),
];
