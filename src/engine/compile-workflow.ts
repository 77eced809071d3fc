import type { ChannelType } from "../domain/message.js";
import { type ChannelStep, type Step, type Workflow, walkSteps } from "../domain/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import { type ChannelRenderer, TemplateReader } from "./render/channel-renderer.js";
import { compileChat } from "./render/chat.js";
import { compileEmail } from "./render/email.js";
import { compileInAppFeed } from "./render/in-app-feed.js";
import { compilerFor } from "./render/liquid.js";
import { compilePush } from "./render/push.js";
import { compileSms } from "./render/sms.js";
import { compileWebhook } from "./render/webhook.js";
import type * as TimeWindows from "./time-windows.js";

/** A workflow with its templates parsed: made once per version and process. */
export interface CompiledWorkflow {
  workflow: Workflow;
  /** By step ref. */
  renderers: ReadonlyMap<string, ChannelRenderer>;
  /** Time-zone arithmetic, loaded only where a step of this workflow may need it. */
  timeWindows: typeof TimeWindows | null;
}

const COMPILERS: Record<
  Exclude<ChannelType, "in_app_guide">,
  (template: TemplateReader, overrides: TemplateReader) => ChannelRenderer
> = {
  email: compileEmail,
  sms: compileSms,
  push: compilePush,
  chat: compileChat,
  in_app_feed: compileInAppFeed,
  http: compileWebhook,
};

function compileStep(workflow: Workflow, step: ChannelStep, place: string): ChannelRenderer {
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
  const compile = compilerFor(workflow.key);
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

async function compile(workflow: Workflow): Promise<CompiledWorkflow> {
  const renderers = new Map<string, ChannelRenderer>();
  let needsTime = false;
  for (const { step, path } of walkSteps(workflow.steps)) {
    if (step.type === "channel") renderers.set(step.ref, compileStep(workflow, step, path));
    needsTime ||= mayComputeTime(step);
  }
  return { workflow, renderers, timeWindows: needsTime ? await import("./time-windows.js") : null };
}

/** Throws `template_invalid` for a template that does not parse, `workflow_invalid` for a channel of unknown type. */
export function compileWorkflow(workflow: Workflow): Promise<CompiledWorkflow> {
  const known = compiled.get(workflow.version_id);
  if (known) return known;
  const made = compile(workflow);
  if (compiled.size >= 1_000) compiled.clear();
  compiled.set(workflow.version_id, made);
  // A failure is not remembered: the file may be mended while the process lives.
  made.catch(() => compiled.delete(workflow.version_id));
  return made;
}
