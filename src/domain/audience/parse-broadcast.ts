import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject, pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { parseTimestamp } from "../condition/timestamp.js";
import type { Complain } from "../shape/complain.js";
import { describeFault, describeUnknownKey } from "../shape/place.js";
import { object, oneOf, optional, type Shape, text } from "../shape/shape.js";
import type { StepType } from "../step/step.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import { walkSteps } from "../steps/walk-steps.js";
import { parseWorkflow } from "../workflow/parse-workflow.js";
import type { Workflow } from "../workflow/workflow.js";
import type { Broadcast } from "./broadcast.js";

/** E-396. */
const STEP_TYPES: ReadonlySet<StepType> = new Set(["channel", "branch", "delay", "random_cohort", "wait_for_event"]);

const OF_WORKFLOWS = ["conditions", "trigger", "trigger_frequency", "trigger_data_json_schema", "active"];
const KEYS = ["name", "description", "categories", "tags", "settings", "steps", "goal_attachment"];
const OWN = ["target_audience_key", "scheduled_at", "status", "sent_at"];

const time: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  const ok = parseTimestamp(value) !== undefined;
  if (!ok) complain(path, "must be a time such as 2030-06-04T18:00:00Z");
  return ok;
};

const ownShape = object({
  target_audience_key: optional(filledText),
  scheduled_at: optional(time),
  sent_at: optional(time),
  status: optional(oneOf(["draft", "scheduled", "sent"])),
});

function refuse(key: string, file: string, details: readonly ErrorDetail[]): KnockError {
  const [first, ...rest] = details;
  const summary = first ? describeFault(first) : "not valid";
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
  return new KnockError("workflow_invalid", `broadcast "${key}": ${summary}${more}`, {
    details,
    hint: `Mend ${file}.`,
  });
}

/** What a workflow's parser says, said of a broadcast. */
export function asBroadcastFault(key: string, file: string, error: KnockError): KnockError {
  const message = error.message.replaceAll(`workflow "${key}"`, `broadcast "${key}"`);
  const { code, details } = error;
  const hint = error.hint?.includes("workflows/") ? `Mend ${file}.` : error.hint;
  return new KnockError(code, message, { details, hint, cause: error });
}

function checkKeys(raw: JsonObject, complain: Complain): void {
  for (const [key, value] of Object.entries(raw)) {
    if (value === null || key === "$schema" || key === "key" || key.startsWith("__")) continue;
    if (KEYS.includes(key) || OWN.includes(key)) continue;
    const near = nearest(key, [...KEYS, ...OWN]);
    if (OF_WORKFLOWS.includes(key)) complain([key], "is for workflows: a broadcast goes to whom it is sent");
    else complain([key], describeUnknownKey(key, near));
  }
}

/**
 * `broadcast.json`, its template files read in (section 17 of the format, E-396, E-401, decision 18): a workflow's steps of
 * some types, commercial unless it says otherwise. Throws `workflow_invalid` with every fault and its pointer.
 */
export function parseBroadcast(key: string, raw: unknown, file: string): Broadcast {
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  if (!isJsonObject(raw)) throw refuse(key, file, [{ pointer: "", message: "must be an object" }]);
  checkKeys(raw, complain);
  const own = checked(ownShape, raw, [], complain);
  const { settings } = raw;
  let definition: Workflow;
  try {
    definition = parseWorkflow(key, {
      ...Object.fromEntries(KEYS.flatMap((name) => (raw[name] === undefined ? [] : [[name, raw[name]]]))),
      settings: isJsonObject(settings) || settings == null ? { is_commercial: true, ...settings } : settings,
    });
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    if (details.length > 0) throw refuse(key, file, [...details, ...error.details]);
    throw asBroadcastFault(key, file, error);
  }
  for (const { step, path } of walkSteps(definition.steps)) {
    if (STEP_TYPES.has(step.type)) continue;
    const place = path.split(/[.[\]]+/).filter(Boolean);
    complain([...place, "type"], `is no step of a broadcast: ${step.type} (there are ${[...STEP_TYPES].join(", ")})`);
  }
  if (own === null || details.length > 0) throw refuse(key, file, details);
  return {
    key,
    definition,
    target_audience_key: own.target_audience_key ?? null,
    scheduled_at: own.scheduled_at == null ? null : (parseTimestamp(own.scheduled_at) ?? null),
  };
}
