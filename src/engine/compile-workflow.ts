import { DEFAULT_LAYOUT, layoutKeyOf } from "../domain/check-email-template.js";
import type { ChannelType } from "../domain/message.js";
import { type ChannelStep, type Step, type Workflow, walkSteps } from "../domain/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import { type ChannelRenderer, TemplateReader } from "./render/channel-renderer.js";
import { compileChat } from "./render/chat.js";
import { compileEmail } from "./render/email.js";
import type { SharedForEmail } from "./render/email-body.js";
import { compileInAppFeed } from "./render/in-app-feed.js";
import { type CompileText, compilePartial, compilerFor } from "./render/liquid.js";
import type { ParsedPartial } from "./render/partials.js";
import { compilePush } from "./render/push.js";
import { RenderError } from "./render/render-error.js";
import { compileSms } from "./render/sms.js";
import { compileWebhook } from "./render/webhook.js";
import { readSharedTemplates, type SharedSource, type SharedTemplates } from "./shared-templates.js";
import type * as TimeWindows from "./time-windows.js";

/** A workflow with its templates parsed: made once per version and process. */
export interface CompiledWorkflow {
  workflow: Workflow;
  /** By step ref. */
  renderers: ReadonlyMap<string, ChannelRenderer>;
  /** Time-zone arithmetic, loaded only where a step of this workflow may need it. */
  timeWindows: typeof TimeWindows | null;
  /** What is wrong with a layout or a partial that it names; who starts runs refuses it. */
  sharedFault: KnockError | null;
}

/** Channel types whose templates need nothing but themselves and partials. */
const COMPILERS: Record<
  Exclude<ChannelType, "in_app_guide" | "email">,
  (template: TemplateReader, overrides: TemplateReader) => ChannelRenderer
> = {
  sms: compileSms,
  push: compilePush,
  chat: compileChat,
  in_app_feed: compileInAppFeed,
  http: compileWebhook,
};

/** Partials parsed, and what is wrong with those that cannot be. */
interface Shared {
  templates: SharedTemplates;
  partials: Map<string, ParsedPartial | KnockError>;
  faults: KnockError[];
}

function parsePartials(templates: SharedTemplates): Shared {
  const faults = [...templates.layouts.values(), ...templates.partials.values()].filter(
    (one) => one instanceof KnockError,
  );
  const partials = new Map<string, ParsedPartial | KnockError>();
  for (const [key, partial] of templates.partials) {
    try {
      partials.set(key, partial instanceof KnockError ? partial : compilePartial(partial));
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      faults.push(error);
      partials.set(key, error);
    }
  }
  return { templates, partials, faults };
}

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

async function compileEmailStep(step: ChannelStep, place: string, compile: CompileText, shared: Shared) {
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
      ? new KnockError("workflow_invalid", `${place}.template.settings.layout_key: there is no layout "${key}"`)
      : found;
  if (absent instanceof KnockError) {
    if (found === "missing") shared.faults.push(absent);
    return failing(await withLayout(null), absent);
  }
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

async function compileStep(
  workflow: Workflow,
  step: ChannelStep,
  place: string,
  shared: Shared,
): Promise<ChannelRenderer> {
  const type = step.channel_type;
  if (type === null || type === "in_app_guide") {
    throw new KnockError(
      "workflow_invalid",
      `workflow "${workflow.key}": ${place}: the channel type of "${step.channel_key}" is not known`,
      {
        hint: `Add "channel_type" to the step, or declare the channel in environment.json.`,
      },
    );
  }
  const compile = compilerFor(workflow.key, shared.partials);
  if (type === "email") return compileEmailStep(step, place, compile, shared);
  const template = new TemplateReader(step.template ?? {}, compile, `${place}.template`);
  const renderer = COMPILERS[type](
    template,
    new TemplateReader(step.channel_overrides ?? {}, compile, `${place}.channel_overrides`),
  );
  const inputs = type === "http" ? Object.keys((step.template?.inputs as object | undefined) ?? {}) : [];
  return inputs.length === 0 ? renderer : withInputs(renderer, template.section("inputs"), inputs);
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

const compiled = new Map<string, Promise<CompiledWorkflow>>();

/** Whether a step may ask for a time in a zone. */
function mayComputeTime(step: Step): boolean {
  if (step.type === "channel") return step.send_windows !== null;
  if (step.type === "delay") return step.settings.delay_until_field_path !== null;
  if (step.type === "batch") return step.settings.batch_until_field_path !== null;
  return step.type === "throttle" && step.settings.throttle_window_field_path !== null;
}

async function compile(workflow: Workflow, templates: SharedTemplates): Promise<CompiledWorkflow> {
  const renderers = new Map<string, ChannelRenderer>();
  const shared = parsePartials(templates);
  let needsTime = false;
  for (const { step, path } of walkSteps(workflow.steps)) {
    if (step.type === "channel") renderers.set(step.ref, await compileStep(workflow, step, path, shared));
    needsTime ||= mayComputeTime(step);
  }
  return {
    workflow,
    renderers,
    timeWindows: needsTime ? await import("./time-windows.js") : null,
    sharedFault: shared.faults[0] ?? null,
  };
}

/**
 * Compiles a version with the layouts and partials of now. Throws `template_invalid` for a template of the workflow that
 * does not parse, `workflow_invalid` for a channel of unknown type; what is wrong with a layout or a partial is in
 * `sharedFault`, and fails the steps that use it.
 */
export async function compileWorkflow(workflow: Workflow, source: SharedSource): Promise<CompiledWorkflow> {
  const templates = await readSharedTemplates(workflow, source);
  const id = `${workflow.version_id} ${templates.id}`;
  const known = compiled.get(id);
  if (known) return known;
  const made = compile(workflow, templates);
  if (compiled.size >= 1_000) compiled.clear();
  compiled.set(id, made);
  // A failure is not remembered: the file may be mended while the process lives.
  made.catch(() => compiled.delete(id));
  return made;
}

/** Compiles each version once, for a chunk of runs: files are read once for all of them. */
export function compileOnce(source: SharedSource): (workflow: Workflow) => Promise<CompiledWorkflow> {
  const made = new Map<string, Promise<CompiledWorkflow>>();
  return (workflow) => {
    const known = made.get(workflow.version_id) ?? compileWorkflow(workflow, source);
    made.set(workflow.version_id, known);
    return known;
  };
}
