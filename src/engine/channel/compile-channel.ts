import type { ChannelType } from "../../domain/message/channel-types.js";
import { resolveChatTemplate } from "../../domain/project/check-replies.js";
import type { ChannelStep } from "../../domain/step-types/channel-step.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import { findTextFile } from "../../domain/template/text-files.js";
import { DEFAULT_LAYOUT, findLayoutKey } from "../../domain/workflow/check-template-references.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { toPointer } from "../liquid/liquid.js";
import { RenderError } from "../liquid/liquid-errors.js";
import { type ChannelRenderer, TemplateReader } from "../render/channel-renderer.js";
import { compileChat } from "../render/compile-chat.js";
import { compileInAppFeed } from "../render/compile-in-app-feed.js";
import { compilePush } from "../render/compile-push.js";
import { compileSms } from "../render/compile-sms.js";
import { compileWebhook } from "../render/compile-webhook.js";
import { compileEmail } from "../render/email/compile-email.js";
import type { SharedEmailTemplates } from "../render/email/compile-email-body.js";
import type { CompileContext } from "../workflow/compile-context.js";

/**
 * Returns an error text for invalid MJML, so that it is reported when the project is read and not by each run. Null for valid
 * MJML, and for MJML with Liquid, which can be checked only once rendered. If `isWholeDocument` is false, the source is
 * the content of a layout.
 */
async function describeInvalidMjml(source: string, isWholeDocument: boolean): Promise<string | null> {
  if (hasLiquid(source)) return null;
  const [{ prepareMjml }, { loadMjmlToHtml }] = await Promise.all([
    import("../render/mjml/prepare-mjml.js"),
    import("../render/mjml/mjml-to-html.js"),
  ]);
  const mjmlToHtml = await loadMjmlToHtml();
  try {
    if (isWholeDocument) mjmlToHtml(source, "");
    else prepareMjml(`<mjml><mj-body>${source}</mj-body></mjml>`);
    return null;
  } catch (error) {
    if (error instanceof RenderError) return error.message;
    throw error;
  }
}

type CompileStep = (step: ChannelStep, fieldPath: string, compiling: CompileContext) => Promise<ChannelRenderer | null>;

/** Compiles a step whose template needs only itself and partials. */
const plain =
  (compileTemplate: (template: TemplateReader, overrides: TemplateReader) => ChannelRenderer): CompileStep =>
  async (step, place, { compile }) =>
    compileTemplate(
      new TemplateReader(step.template ?? {}, compile, `${place}.template`),
      new TemplateReader(step.channel_overrides ?? {}, compile, `${place}.channel_overrides`),
    );

/** The compilers by channel type. A guide has no template. */
const COMPILERS: Readonly<Record<ChannelType, CompileStep>> = {
  email: compileEmailStep,
  sms: plain(compileSms),
  push: plain(compilePush),
  chat: (step, place, compiling) =>
    plain(compileChat)({ ...step, template: resolveChatTemplate(compiling.workflow, step) }, place, compiling),
  in_app_feed: plain(compileInAppFeed),
  http: compileWebhookStep,
  in_app_guide: async () => null,
};

/**
 * Returns a renderer for a step whose layout is invalid or missing: each of its messages fails with the reason (EQ-68).
 */
function createFailingRenderer(
  { missingData, resolveDestinations }: Pick<ChannelRenderer, "missingData" | "resolveDestinations">,
  error: KnockError,
): ChannelRenderer {
  return {
    missingData,
    resolveDestinations,
    render: () => {
      throw new RenderError(error.message, { cause: error });
    },
  };
}

async function checkMjml(
  workflow: Workflow,
  { ref }: ChannelStep,
  template: TemplateReader,
  isWholeDocument: boolean,
): Promise<void> {
  const source = template.getValue("is_mjml") === true ? template.getSource("html_body") : "";
  if (source === "") return;
  const problem = await describeInvalidMjml(source, isWholeDocument);
  if (problem === null) return;
  const place = template.getFieldPath("html_body");
  const pointer = toPointer(place);
  const file = findTextFile(workflow, pointer);
  throw new KnockError(
    "template_invalid",
    `${file ?? `workflow "${workflow.key}", step ${ref}: ${place}`}: ${problem}`,
    {
      details: [{ pointer, message: problem }],
      hint: "Run `knock help error template_invalid` to see common causes.",
    },
  );
}

async function compileEmailStep(step: ChannelStep, fieldPath: string, { workflow, compile, shared }: CompileContext) {
  const { templates, partials } = shared;
  const key = findLayoutKey(step);
  const found = key === null ? null : (templates.layouts.get(key) ?? "missing");
  const template = new TemplateReader(step.template ?? {}, compile, `${fieldPath}.template`);
  const overrides = new TemplateReader(step.channel_overrides ?? {}, compile, `${fieldPath}.channel_overrides`);
  const partialsHaveStyles = [...templates.partials.values()].some(
    (partial) => !(partial instanceof KnockError) && /<style\b|block-/i.test(partial.content),
  );
  const compileWithLayout = (layout: SharedEmailTemplates["layout"]) =>
    compileEmail(template, overrides, { compile, partials, layout, partialsHaveStyles });
  const layoutOrError =
    found === "missing" && key !== DEFAULT_LAYOUT
      ? new KnockError(
          "workflow_invalid",
          `step ${step.ref}: ${fieldPath}.template.settings.layout_key: there is no layout "${key}"`,
        )
      : found;
  if (layoutOrError instanceof KnockError) {
    if (found === "missing") shared.errors.push(layoutOrError);
    return createFailingRenderer(await compileWithLayout(null), layoutOrError);
  }
  await checkMjml(workflow, step, template, layoutOrError === null);
  try {
    return await compileWithLayout(layoutOrError);
  } catch (error) {
    // An error in the step's own template ends the compilation of the workflow. An error in the layout does not.
    if (!(error instanceof KnockError) || layoutOrError === null) throw error;
    const renderer = await compileWithLayout(null);
    shared.errors.push(error);
    return createFailingRenderer(renderer, error);
  }
}

/**
 * Returns the renderer of a channel step, or null for an in-app guide, which has no template. Throws
 * `template_invalid`, and `workflow_invalid` for a channel of unknown type.
 */
export async function compileChannel(
  step: ChannelStep,
  fieldPath: string,
  compiling: CompileContext,
): Promise<ChannelRenderer | null> {
  if (step.channel_type !== null) return COMPILERS[step.channel_type](step, fieldPath, compiling);
  throw new KnockError(
    "workflow_invalid",
    `workflow "${compiling.workflow.key}", step ${step.ref}: ${fieldPath}: the channel type of "${step.channel_key}" is not known`,
    { hint: `Add "channel_type" to the step, or declare the channel in environment.json.` },
  );
}

async function compileWebhookStep(step: ChannelStep, place: string, compiling: CompileContext) {
  const renderer = (await plain(compileWebhook)(step, place, compiling)) as ChannelRenderer;
  const inputs = Object.keys(step.template?.inputs ?? {});
  if (inputs.length === 0) return renderer;
  const template = new TemplateReader(step.template ?? {}, compiling.compile, `${place}.template`);
  return addRequestInputs(renderer, template.getSection("inputs"), inputs);
}

/**
 * Adds a webhook's request inputs, which the templates of the request read as `inputs` (section 7.6 of the format,
 * E-073).
 */
function addRequestInputs(
  renderer: ChannelRenderer,
  section: TemplateReader,
  names: readonly string[],
): ChannelRenderer {
  const texts = names.map((name) => ({ name, text: section.compileText(name) }));
  return {
    ...renderer,
    render({ scope, ...context }, destination) {
      const inputs = Object.fromEntries(texts.map(({ name, text }) => [name, text?.(scope) ?? ""]));
      return renderer.render({ ...context, scope: { ...scope, inputs } }, destination);
    },
  };
}
