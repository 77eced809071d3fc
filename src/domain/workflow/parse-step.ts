import { isJsonObject, type JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { parseConditionGroup } from "../condition/parse-conditions.js";
import type { Shape } from "../shape/shape.js";
import { FUNCTION_STEP_PARSERS } from "../step/parse-function-step.js";
import { checked, type StepContext, type StepParser } from "../step/step-context.js";
import { channelStep, maybeText, overridesShape, templateShapes } from "../step/step-shapes.js";
import type { StepBase } from "../step/step-types.js";
import { checkChannelStep } from "./check-channel-step.js";
import { checkEmailTemplate } from "./check-email-template.js";
import { parseBranchStep, parseRandomCohortStep } from "./parse-branch-step.js";
import { parseSendWindows } from "./parse-send-windows.js";
import type { ChannelStep, Step, StepType } from "./workflow.js";

const PARSERS: Record<Exclude<StepType, "branch" | "random_cohort">, StepParser<Step>> = {
  channel: parseChannelStep,
  ...FUNCTION_STEP_PARSERS,
};
const NESTING_PARSERS = { branch: parseBranchStep, random_cohort: parseRandomCohortStep };
const STEP_TYPES = [...Object.keys(PARSERS), ...Object.keys(NESTING_PARSERS)];

/** What a step sends through: exactly one of a channel and a group, but for guides, which may do without (F-041). */
function checkChannelKeys(step: ChannelStep, guide: unknown, path: PropertyKey[], { complain }: StepContext): void {
  const isGuide = step.channel_type === "in_app_guide";
  const { channel_key: channel, channel_group_key: group, template } = step;
  if (isGuide && group !== null) complain([...path, "channel_group_key"], "is not for in-app guide steps");
  if (!isGuide && channel === null && group === null)
    complain([...path, "channel_key"], "is required (the key of a channel)");
  if (!isGuide && typeof guide === "string") complain([...path, "guide_key"], "is for in-app guide steps only");
  if (!isGuide && channel !== null && group !== null)
    complain([...path, "channel_group_key"], "must not be given beside channel_key");
  if (group === null || template === null) return;
  const settings = isJsonObject(template.settings) ? template.settings : {};
  if (step.channel_type === "http" && isJsonObject(template.inputs))
    complain([...path, "template", "inputs"], "cannot be used with a channel group");
  if (step.channel_type === "chat" && settings.reply_to_step_ref)
    complain([...path, "template", "settings", "reply_to_step_ref"], "cannot be used with a channel group");
}

/** Section 7. A group with request inputs or chat replies is refused (CH-064). */
export function parseChannelStep(
  raw: JsonObject,
  base: StepBase,
  path: PropertyKey[],
  context: StepContext,
): ChannelStep | null {
  const { complain } = context;
  const value = checked(channelStep, raw, path, complain);
  if (value === null) return null;
  const isGuide = value.channel_type === "in_app_guide";
  const windows = value.send_windows;
  const step: ChannelStep = {
    ...base,
    type: "channel",
    channel_type: value.channel_type ?? null,
    channel_key: value.channel_key ?? null,
    channel_group_key: value.channel_group_key ?? null,
    guide_key: isGuide ? (value.guide_key ?? null) : null,
    template: isGuide ? null : ((value.template as JsonObject | null | undefined) ?? null),
    channel_overrides: (value.channel_overrides as JsonObject | null | undefined) ?? null,
    send_windows: windows ? parseSendWindows(windows, [...path, "send_windows"], complain) : null,
  };
  checkChannelKeys(step, value.guide_key, path, context);
  const overrides = step.channel_overrides;
  if (overrides) checked(overridesShape, overrides, [...path, "channel_overrides"], complain);
  if (isGuide) {
    if (value.template && Object.keys(value.template).length > 0)
      complain([...path, "template"], "is not for in-app guide steps: the guide has the content");
    if (step.send_windows !== null) complain([...path, "send_windows"], "is not for in-app guide steps");
    if (overrides && Object.keys(overrides).length > 0)
      complain([...path, "channel_overrides"], "is not for in-app guide steps");
    return step;
  }
  if (step.template === null) complain([...path, "template"], "is required");
  else if (step.channel_type !== null) checkTemplate(step, path, context);
  return step;
}

/** The template against its channel type; called again by the engine where only the channel tells the type (old files). */
export function checkTemplate(
  step: ChannelStep,
  path: PropertyKey[],
  context: Pick<StepContext, "complain" | "workflow">,
): void {
  checkChannelStep(step, path, context);
  const here = [...path, "template"];
  const type = step.channel_type as keyof typeof templateShapes;
  const template = step.template as JsonObject;
  if (checked(templateShapes[type] as Shape<unknown>, template, here, context.complain) === null) return;
  if (type === "email") checkEmailTemplate(template, here, context.complain);
  if (type === "chat" && !template.markdown_body && !template.json_body)
    context.complain([...here, "markdown_body"], "is required (or json_body)");
}

function parseStep(raw: unknown, path: PropertyKey[], context: StepContext): Step | null {
  const { complain } = context;
  if (!isJsonObject(raw)) {
    complain(path, "must be an object");
    return null;
  }
  const { ref, name } = raw;
  const type = STEP_TYPES.find((known) => known === raw.type) as StepType | undefined;
  if (type === undefined) {
    const near = typeof raw.type === "string" ? nearest(raw.type, STEP_TYPES) : undefined;
    complain(
      [...path, "type"],
      `is not a known step type: ${JSON.stringify(raw.type)}${near === undefined ? "" : `; did you mean "${near}"?`}`,
    );
    return null;
  }
  if (typeof ref !== "string" || ref === "") {
    complain([...path, "ref"], "is required (a name unique in the workflow)");
    return null;
  }
  for (const field of ["name", "description"]) checked(maybeText, raw[field], [...path, field], complain);
  const base: StepBase = {
    ref,
    name: typeof name === "string" ? name : null,
    // The format has none for an experiment: what stands there is ignored, even where it is malformed.
    conditions:
      type === "random_cohort" ? null : parseConditionGroup(raw.conditions, [...path, "conditions"], context, complain),
  };
  if (type === "branch" || type === "random_cohort") return NESTING_PARSERS[type](raw, base, path, context, parseSteps);
  return PARSERS[type](raw, base, path, context);
}

/** A list of steps; each fault is a complaint with its path. */
export function parseSteps(raw: unknown, path: PropertyKey[], context: StepContext): Step[] {
  if (!Array.isArray(raw)) {
    context.complain(path, "must be a list of steps");
    return [];
  }
  return raw.flatMap((item, index) => parseStep(item, [...path, index], context) ?? []);
}
