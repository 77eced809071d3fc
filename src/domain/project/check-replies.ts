import { isJsonObject, type JsonObject } from "../../util/json.js";
import { hasTrait } from "../message/channel-types.js";
import { findStepPath } from "../run/step-path.js";
import type { StepPath } from "../run/workflow-run.js";
import { type ChannelStep, isChannelStep } from "../step-types/channel-step.js";
import { walkChannelSteps, walkSteps } from "../step-types/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

/** Returns the ref of the step that a chat step replies to, or null. */
function findReplyRef({ channel_type, template }: ChannelStep): string | null {
  if (!hasTrait(channel_type, "hasReplies") || !isJsonObject(template?.settings)) return null;
  const ref = template.settings.reply_to_step_ref;
  return typeof ref === "string" && ref !== "" ? ref : null;
}

/**
 * Returns the template of a chat step with its destination. A reply without its own connection uses the connection of
 * the template that it replies to (CH-177).
 */
export function resolveChatTemplate(workflow: Workflow, step: ChannelStep): JsonObject {
  const template = step.template ?? {};
  const settings = isJsonObject(template.settings) ? template.settings : {};
  const ref = findReplyRef(step);
  if (ref === null || typeof settings.recipient_connection === "string") return template;
  const parent = [...walkSteps(workflow.steps)].find((entry) => entry.step.ref === ref)?.step;
  if (!isChannelStep(parent)) return template;
  const parentSettings = resolveChatTemplate(workflow, parent).settings;
  const recipient_connection = isJsonObject(parentSettings) ? parentSettings.recipient_connection : undefined;
  return recipient_connection === undefined
    ? template
    : { ...template, settings: { ...settings, recipient_connection } };
}

/** Returns whether every run that reaches `later` has reached `earlier` before. */
function isBefore(earlier: StepPath, later: StepPath): boolean {
  const depth = earlier.findIndex((at, index) => at !== later[index]);
  const [first, second] = [earlier[depth], later[depth]];
  return depth === earlier.length - 1 && first !== undefined && second !== undefined && first < second;
}

/** Reports replies that could never be sent, each with the path of its step (E-188). */
export function checkReplies({ steps }: Workflow, report: (place: string, message: string) => void): void {
  const stepsByRef = new Map([...walkSteps(steps)].map(({ step }) => [step.ref, step]));
  for (const { step, path: place } of walkChannelSteps(steps)) {
    const ref = findReplyRef(step);
    if (ref === null) continue;
    const parent = stepsByRef.get(ref);
    const [from, to] = [findStepPath(steps, ref), findStepPath(steps, step.ref)];
    if (parent === undefined || from === null || to === null) report(place, `is not a step of this workflow: "${ref}"`);
    else if (!isChannelStep(parent) || !hasTrait(parent.channel_type, "hasReplies"))
      report(place, `is not a chat step: "${ref}"`);
    else if (!isBefore(from, to)) report(place, `must be a step that every run reaches before this one, not "${ref}"`);
    else if (parent.channel_key !== step.channel_key)
      report(place, `must be a step with the same channel, not "${ref}"`);
  }
}
