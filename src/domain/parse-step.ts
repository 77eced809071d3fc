import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type JsonObject, pointerOf } from "../util/json.js";
import { nearest } from "../util/nearest.js";
import { DAY_MS, durationMs } from "./duration.js";
import { type ConditionPlace, countConditions, parseConditionGroup } from "./parse-conditions.js";
import type { Complain } from "./parse-recipient.js";
import type { Shape } from "./shape.js";
import { channelStep, delaySettings, overridesShape, templateShapes } from "./step-shapes.js";
import type { Branch, BranchStep, ChannelStep, DelayStep, SendWindow, Step, StepBase } from "./workflow.js";

/** Step types of the format that this version does not run yet: refused, never passed over in silence. */
const NOT_YET = [
  "batch",
  "throttle",
  "http_fetch",
  "random_cohort",
  "trigger_workflow",
  "update_data",
  "update_user",
  "update_tenant",
  "update_object",
  "update_audience",
  "wait_for_event",
  "ai_agent",
];
const STEP_TYPES = ["channel", "delay", "branch", ...NOT_YET];
const MAX_BRANCH_DEPTH = 5;

/** What the parser of one workflow carries along. */
export interface StepContext extends ConditionPlace {
  workflow: string;
  refs: ReadonlySet<string>;
  complain: Complain;
}

/** The value, where it has the shape; null after a complaint. */
export function checked<T>(shape: Shape<T>, value: unknown, path: PropertyKey[], complain: Complain): T | null {
  return shape(value, path, complain) ? value : null;
}

export function notSupported(what: string, workflow: string, path: readonly PropertyKey[]): KnockError {
  return new KnockError("not_supported", `workflow "${workflow}": ${what} not supported yet`, {
    hint: "This version runs channel, delay and branch steps.",
    details: [{ pointer: pointerOf(path), message: "not supported yet" }],
  });
}

function parseChannelStep(
  raw: JsonObject,
  base: StepBase,
  path: PropertyKey[],
  context: StepContext,
): ChannelStep | null {
  const { complain } = context;
  const value = checked(channelStep, raw, path, complain);
  if (value === null) return null;
  if (value.channel_group_key)
    throw notSupported("channel groups are", context.workflow, [...path, "channel_group_key"]);
  if (value.channel_type === "in_app_guide") throw notSupported("in-app guide steps are", context.workflow, path);
  if (!value.channel_key) complain([...path, "channel_key"], "is required (the key of a channel)");
  if (!value.template) complain([...path, "template"], "is required");
  const step: ChannelStep = {
    ...base,
    type: "channel",
    channel_type: value.channel_type ?? null,
    channel_key: value.channel_key ?? null,
    channel_group_key: null,
    template: (value.template as JsonObject | null | undefined) ?? null,
    channel_overrides: (value.channel_overrides as JsonObject | null | undefined) ?? null,
    send_windows: value.send_windows ? value.send_windows.map(windowOf) : null,
  };
  if (step.send_windows) checkSendWindows(step.send_windows, [...path, "send_windows"], complain);
  if (step.channel_overrides) checked(overridesShape, step.channel_overrides, [...path, "channel_overrides"], complain);
  if (step.channel_type && step.channel_type !== "in_app_guide" && step.template) checkTemplate(step, path, context);
  return step;
}

/** The template against its channel type; called again by the engine where only the channel tells the type (old files). */
export function checkTemplate(
  step: ChannelStep,
  path: PropertyKey[],
  context: Pick<StepContext, "complain" | "workflow">,
): void {
  const here = [...path, "template"];
  const type = step.channel_type as keyof typeof templateShapes;
  const template = step.template as JsonObject;
  if (checked(templateShapes[type] as Shape<unknown>, template, here, context.complain) === null) return;
  if (type === "email") {
    if (template.visual_blocks) throw notSupported("visual blocks are", context.workflow, [...here, "visual_blocks"]);
    if (template.is_mjml === true) throw notSupported("MJML bodies are", context.workflow, [...here, "is_mjml"]);
    const layout = isJsonObject(template.settings) ? template.settings.layout_key : null;
    if (layout !== null && layout !== undefined && layout !== "default")
      throw notSupported("e-mail layouts other than the default are", context.workflow, [
        ...here,
        "settings",
        "layout_key",
      ]);
    if (typeof template.html_body !== "string")
      context.complain([...here, "html_body"], "is required (the e-mail's HTML)");
  }
  if (type === "chat" && !template.markdown_body && !template.json_body)
    context.complain([...here, "markdown_body"], "is required (or json_body)");
}

/** An hour of the day as text; whole numbers are minutes since midnight (section 6.5). */
function timeOf(value: string | number | null | undefined): string | null {
  if (typeof value !== "number") return value ?? null;
  return `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}:00`;
}

function windowOf(raw: {
  day: string;
  type: string;
  from?: string | number | null | undefined;
  until?: string | number | null | undefined;
}): SendWindow {
  return { day: raw.day, type: raw.type as SendWindow["type"], from: timeOf(raw.from), until: timeOf(raw.until) };
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

function checkSendWindows(windows: SendWindow[], path: PropertyKey[], complain: Complain): void {
  if (new Set(windows.map((window) => window.day)).size !== 7 || windows.length !== 7)
    complain(path, "must have one entry for each of the seven days");
  if (!windows.some((window) => window.type === "send")) complain(path, "must send on at least one day");
  for (const [index, { from, until }] of windows.entries()) {
    for (const [name, time] of [
      ["from", from],
      ["until", until],
    ] as const) {
      if (time !== null && !TIME.test(time))
        complain([...path, index, name], `must be a time such as 09:00 or 17:30:00, found ${JSON.stringify(time)}`);
    }
    if (from !== null && until !== null && from >= until)
      complain([...path, index, "until"], "must be later than from");
  }
}

function parseDelayStep(
  raw: JsonObject,
  base: StepBase,
  path: PropertyKey[],
  { complain }: StepContext,
): DelayStep | null {
  const settings = checked(delaySettings, raw.settings, [...path, "settings"], complain);
  if (settings === null) return null;
  const delayFor = settings.delay_for ?? null;
  const fieldPath = settings.delay_until_field_path || null;
  if (delayFor === null && fieldPath === null)
    complain([...path, "settings"], "needs delay_for or delay_until_field_path");
  const fixed = delayFor === null ? 0 : (durationMs(delayFor) ?? 0);
  if (fieldPath === null && fixed < 0) complain([...path, "settings", "delay_for", "value"], "must not be negative");
  if (fieldPath === null && fixed > 365 * DAY_MS)
    complain([...path, "settings", "delay_for"], "must be at most 365 days");
  return { ...base, type: "delay", settings: { delay_for: delayFor, delay_until_field_path: fieldPath } };
}

function parseBranchStep(
  raw: JsonObject,
  base: StepBase,
  path: PropertyKey[],
  context: StepContext,
  depth: number,
): BranchStep | null {
  const { complain } = context;
  if (base.conditions !== null) complain([...path, "conditions"], "a branch step has no conditions of its own");
  if (depth > MAX_BRANCH_DEPTH) complain(path, `branches may nest at most ${MAX_BRANCH_DEPTH} deep`);
  const list = raw.branches;
  if (!Array.isArray(list) || list.length < 2 || list.length > 10) {
    complain([...path, "branches"], "must be a list of 2 to 10 branches, the default included");
    return null;
  }
  const marked = list.findIndex((branch) => isJsonObject(branch) && branch.default === true);
  if (marked !== -1 && marked !== list.length - 1)
    complain([...path, "branches", marked], "the default branch must be last");
  const branches = list.flatMap((item, index): Branch[] => {
    const here = [...path, "branches", index];
    if (!isJsonObject(item)) {
      complain(here, "must be an object");
      return [];
    }
    const isDefault = index === list.length - 1;
    const conditions = parseConditionGroup(item.conditions, [...here, "conditions"], context, complain);
    if (isDefault && countConditions(conditions) > 0)
      complain([...here, "conditions"], "the last branch is the default and has no conditions");
    if (!isDefault && countConditions(conditions) === 0)
      complain([...here, "conditions"], "needs at least one condition");
    if (item.terminates !== undefined && item.terminates !== null && typeof item.terminates !== "boolean")
      complain([...here, "terminates"], "must be true or false");
    return [
      {
        name: typeof item.name === "string" ? item.name : null,
        default: isDefault,
        conditions,
        terminates: item.terminates === true,
        steps: parseSteps(item.steps ?? [], [...here, "steps"], context, depth + 1),
      },
    ];
  });
  return { ...base, type: "branch", branches };
}

function parseStep(raw: unknown, path: PropertyKey[], context: StepContext, depth: number): Step | null {
  const { complain } = context;
  if (!isJsonObject(raw)) {
    complain(path, "must be an object");
    return null;
  }
  const { type, ref, name } = raw;
  if (typeof type !== "string" || !STEP_TYPES.includes(type)) {
    const near = typeof type === "string" ? nearest(type, STEP_TYPES) : undefined;
    complain(
      [...path, "type"],
      `is not a known step type: ${JSON.stringify(type)}${near === undefined ? "" : `; did you mean "${near}"?`}`,
    );
    return null;
  }
  if (NOT_YET.includes(type)) throw notSupported(`${type} steps are`, context.workflow, path);
  if (typeof ref !== "string" || ref === "") {
    complain([...path, "ref"], "is required (a name unique in the workflow)");
    return null;
  }
  const base: StepBase = {
    ref,
    name: typeof name === "string" ? name : null,
    conditions: parseConditionGroup(raw.conditions, [...path, "conditions"], context, complain),
  };
  if (type === "channel") return parseChannelStep(raw, base, path, context);
  if (type === "delay") return parseDelayStep(raw, base, path, context);
  return parseBranchStep(raw, base, path, context, depth);
}

/** A list of steps; each fault is a complaint with its path, a step type of a later version throws `not_supported`. */
export function parseSteps(raw: unknown, path: PropertyKey[], context: StepContext, depth = 1): Step[] {
  if (!Array.isArray(raw)) {
    context.complain(path, "must be a list of steps");
    return [];
  }
  return raw.flatMap((item, index) => parseStep(item, [...path, index], context, depth) ?? []);
}
