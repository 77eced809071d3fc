import type { ChannelType } from "../domain/message.js";
import { textFileOf } from "../domain/text-files.js";
import { type ChannelStep, type Step, type Workflow, walkSteps } from "../domain/workflow.js";
import { KnockError } from "../errors/knock-error.js";
import { isJsonObject } from "../util/json.js";
import { type ChannelRenderer, TemplateReader } from "./render/channel-renderer.js";
import { compileChat } from "./render/chat.js";
import { compileEmail } from "./render/email.js";
import { compileInAppFeed } from "./render/in-app-feed.js";
import { type CompileText, compilerFor } from "./render/liquid.js";
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
  /** Whether a template looks translations up. */
  translates: boolean;
}

/** The filter `t`, or the tag. */
const TRANSLATES = /\|\s*t\b|\{%-?\s*t\b/;

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

function compileStep(workflow: Workflow, step: ChannelStep, place: string, compile: CompileText): ChannelRenderer {
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
  return COMPILERS[type](
    new TemplateReader(step.template ?? {}, compile, `${place}.template`),
    new TemplateReader(step.channel_overrides ?? {}, compile, `${place}.channel_overrides`),
  );
}

const compiled = new Map<string, Promise<CompiledWorkflow>>();

/** Whether a step may ask for a time in a zone. */
function mayComputeTime(step: Step): boolean {
  if (step.type === "channel") return step.send_windows !== null;
  if (step.type === "delay") return step.settings.delay_until_field_path !== null;
  if (step.type === "batch") return step.settings.batch_until_field_path !== null;
  return step.type === "throttle" && step.settings.throttle_window_field_path !== null;
}

/** Templates of steps that make no message are rendered from their text; faults in them are told as early (F-054). */
function checkTexts(value: unknown, place: string, compile: CompileText): void {
  if (typeof value === "string") compile(value, place);
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) checkTexts(item, `${place}[${index}]`, compile);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value)) if (key !== "schema") checkTexts(item, `${place}.${key}`, compile);
}

async function compile(workflow: Workflow): Promise<CompiledWorkflow> {
  const renderers = new Map<string, ChannelRenderer>();
  const compileLiquid = compilerFor(workflow.key, (pointer) => textFileOf(workflow, pointer));
  let [needsTime, translates] = [false, false];
  const compileText: CompileText = (source, place) => {
    translates ||= TRANSLATES.test(source);
    return compileLiquid(source, place);
  };
  for (const { step, path } of walkSteps(workflow.steps)) {
    if (step.type === "channel") renderers.set(step.ref, compileStep(workflow, step, path, compileText));
    else if ("settings" in step) checkTexts(step.settings, `${path}.settings`, compileText);
    needsTime ||= mayComputeTime(step);
  }
  return { workflow, renderers, translates, timeWindows: needsTime ? await import("./time-windows.js") : null };
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

/** What is wrong with a workflow's templates; null where nothing is. */
export async function faultOf(workflow: Workflow): Promise<KnockError | null> {
  try {
    await compileWorkflow(workflow);
    return null;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
}
