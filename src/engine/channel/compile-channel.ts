import type { ChannelType } from "../../domain/message/channel-types.js";
import { chatTemplate } from "../../domain/project/check-replies.js";
import type { ChannelStep } from "../../domain/steps/channel.js";
import { textFileOf } from "../../domain/template/text-files.js";
import { DEFAULT_LAYOUT, layoutKeyOf } from "../../domain/workflow/check-email-template.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { pointerTo } from "../liquid/liquid.js";
import { RenderError } from "../liquid/render-error.js";
import { type ChannelRenderer, TemplateReader } from "../render/channel-renderer.js";
import { compileChat } from "../render/chat.js";
import { compileEmail } from "../render/email/email.js";
import type { SharedForEmail } from "../render/email/email-body.js";
import { compileInAppFeed } from "../render/in-app-feed.js";
import { compilePush } from "../render/push.js";
import { compileSms } from "../render/sms.js";
import { compileWebhook } from "../render/webhook.js";
import type { Compiling } from "../workflow/compiling.js";

type CompileStep = (step: ChannelStep, place: string, compiling: Compiling) => Promise<ChannelRenderer | null>;

/** Compiles a step whose template needs nothing but itself and partials. */
const plain =
  (compileTemplate: (template: TemplateReader, overrides: TemplateReader) => ChannelRenderer): CompileStep =>
  async (step, place, { compile }) =>
    compileTemplate(
      new TemplateReader(step.template ?? {}, compile, `${place}.template`),
      new TemplateReader(step.channel_overrides ?? {}, compile, `${place}.channel_overrides`),
    );

/** How the steps of each channel type are compiled. A guide has no template. */
const COMPILERS: Readonly<Record<ChannelType, CompileStep>> = {
  email: compileEmailStep,
  sms: plain(compileSms),
  push: plain(compilePush),
  chat: (step, place, compiling) =>
    plain(compileChat)({ ...step, template: chatTemplate(compiling.workflow, step) }, place, compiling),
  in_app_feed: plain(compileInAppFeed),
  http: compileWebhookStep,
  in_app_guide: async () => null,
};

/** Stands for a step whose layout is broken or gone: each of its messages fails, with the reason (EQ-68). */
function failing(
  { needs, destinations }: Pick<ChannelRenderer, "needs" | "destinations">,
  fault: KnockError,
): ChannelRenderer {
  return {
    needs,
    destinations,
    render: () => {
      throw new RenderError(fault.message, { cause: fault });
    },
  };
}

async function checkMjml(
  workflow: Workflow,
  { ref }: ChannelStep,
  template: TemplateReader,
  isWhole: boolean,
): Promise<void> {
  const source = template.value("is_mjml") === true ? template.source("html_body") : "";
  if (source === "") return;
  const { mjmlFault } = await import("../render/mjml/check-mjml.js");
  const fault = await mjmlFault(source, isWhole);
  if (fault === null) return;
  const place = template.placeOf("html_body");
  const pointer = pointerTo(place);
  const file = textFileOf(workflow, pointer);
  throw new KnockError("template_invalid", `${file ?? `workflow "${workflow.key}", step ${ref}: ${place}`}: ${fault}`, {
    details: [{ pointer, message: fault }],
    hint: "Fix the template above and run the command again. Nothing was triggered.",
  });
}

async function compileEmailStep(step: ChannelStep, place: string, { workflow, compile, shared }: Compiling) {
  const { templates, partials } = shared;
  const key = layoutKeyOf(step);
  const found = key === null ? null : (templates.layouts.get(key) ?? "missing");
  const template = new TemplateReader(step.template ?? {}, compile, `${place}.template`);
  const overrides = new TemplateReader(step.channel_overrides ?? {}, compile, `${place}.channel_overrides`);
  const partialsHaveStyles = [...templates.partials.values()].some(
    (partial) => !(partial instanceof KnockError) && /<style\b|block-/i.test(partial.content),
  );
  const withLayout = (layout: SharedForEmail["layout"]) =>
    compileEmail(template, overrides, { compile, partials, layout, partialsHaveStyles });
  const absent =
    found === "missing" && key !== DEFAULT_LAYOUT
      ? new KnockError(
          "workflow_invalid",
          `step ${step.ref}: ${place}.template.settings.layout_key: there is no layout "${key}"`,
        )
      : found;
  if (absent instanceof KnockError) {
    if (found === "missing") shared.faults.push(absent);
    return failing(await withLayout(null), absent);
  }
  await checkMjml(workflow, step, template, absent === null);
  try {
    return await withLayout(absent);
  } catch (error) {
    // The step's own template is the workflow's, and its faults end the compilation; the layout's do not.
    if (!(error instanceof KnockError) || absent === null) throw error;
    const renderer = await withLayout(null);
    shared.faults.push(error);
    return failing(renderer, error);
  }
}

/** Returns the renderer of a channel step; null for an in-app guide, which has no template. Throws `template_invalid`, and `workflow_invalid` for a channel of unknown type. */
export async function compileChannel(
  step: ChannelStep,
  place: string,
  compiling: Compiling,
): Promise<ChannelRenderer | null> {
  if (step.channel_type !== null) return COMPILERS[step.channel_type](step, place, compiling);
  throw new KnockError(
    "workflow_invalid",
    `workflow "${compiling.workflow.key}", step ${step.ref}: ${place}: the channel type of "${step.channel_key}" is not known`,
    { hint: `Add "channel_type" to the step, or declare the channel in environment.json.` },
  );
}

async function compileWebhookStep(step: ChannelStep, place: string, compiling: Compiling) {
  const renderer = (await plain(compileWebhook)(step, place, compiling)) as ChannelRenderer;
  const inputs = Object.keys((step.template?.inputs as object | undefined) ?? {});
  if (inputs.length === 0) return renderer;
  const template = new TemplateReader(step.template ?? {}, compiling.compile, `${place}.template`);
  return withInputs(renderer, template.section("inputs"), inputs);
}

/** A webhook's request inputs, which the request's own templates see as `inputs` (section 7.6 of the format, E-073). */
function withInputs(renderer: ChannelRenderer, section: TemplateReader, names: readonly string[]): ChannelRenderer {
  const texts = names.map((name) => ({ name, text: section.text(name) }));
  return {
    ...renderer,
    render({ scope, ...context }, destination) {
      const inputs = Object.fromEntries(texts.map(({ name, text }) => [name, text?.(scope) ?? ""]));
      return renderer.render({ ...context, scope: { ...scope, inputs } }, destination);
    },
  };
}
