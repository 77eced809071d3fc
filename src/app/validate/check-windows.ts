import { parseTimestamp } from "../../domain/condition/parse-timestamp.js";
import type { Environment } from "../../domain/environment/environment.js";
import { DAY_MS, type Duration, toMilliseconds } from "../../domain/step/step-duration.js";
import { getStepDefinition } from "../../domain/steps/step-definitions.js";
import { parsePathSegments, walkSteps } from "../../domain/steps/walk-steps.js";
import type { CheckFinding } from "../../domain/validation/check-finding.js";
import { resolveDelayEnd, resolveFieldPath } from "../../engine/schedule/resolve-delay-end.js";
import type { CompiledWorkflow } from "../../engine/workflow/compiled-workflow.js";
import { getValueAtPath, isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** The settings of the steps that wait or count until a time, and what a window without length means. */
const WINDOWS: Readonly<Record<string, { length: string; fieldPath: string; emptyEffect: string }>> = {
  delay: { length: "delay_for", fieldPath: "delay_until_field_path", emptyEffect: "the run does not wait" },
  batch: { length: "batch_window", fieldPath: "batch_until_field_path", emptyEffect: "the batch closes at once" },
  throttle: {
    length: "throttle_window",
    fieldPath: "throttle_window_field_path",
    emptyEffect: "no run is stopped",
  },
};

/** Variables that the engine adds to those of the environment. */
const BUILT_IN_VARIABLES = ["branding", "manage_preferences_url", "commercial_unsubscribe_url"];

/** Types of JSON Schema whose values are never a time, a duration or a window rule. */
const TYPES_WITHOUT_TIME: readonly unknown[] = ["array", "boolean", "integer", "null", "number"];

/** A value that is the same in every run; undefined if it is missing in every run. */
interface Constant {
  value: Json | undefined;
}

function findConstantVariable(path: string, { variables, secret_references }: Environment): Constant | null {
  const name = path.split(".")[1] as string;
  const known = [...Object.keys(secret_references), ...BUILT_IN_VARIABLES];
  if (!Object.hasOwn(variables, name) && known.includes(name)) return null;
  return { value: resolveFieldPath(path, { vars: variables }) as Json | undefined };
}

/** Returns the schema of a property of the data, or null. */
function findPropertySchema(path: string, schema: JsonObject | null): JsonObject | null {
  const parts = path.replace(/^data\./, "").split(".");
  const property = getValueAtPath(
    schema,
    parts.flatMap((part) => ["properties", part]),
  );
  return isJsonObject(property) ? property : null;
}

interface CheckedPath {
  path: string;
  length: Duration | null;
  compiled: CompiledWorkflow;
  environment: Environment;
  /** Whether steps may have changed the data of the trigger. */
  isDataChanged: boolean;
}

/** Returns why the time at a path is never usable, or null. The engine decides about the value. */
function findUnusableTime({ path, length, compiled, environment, isDataChanged }: CheckedPath): string | null {
  const [root = ""] = path.split(".");
  let constant: Constant | null = null;
  if (root === "vars" && path !== root) constant = findConstantVariable(path, environment);
  else if (!["recipient", "actor", "tenant"].includes(root) && !isDataChanged) {
    const schema = findPropertySchema(path, compiled.workflow.trigger_data_json_schema);
    if (schema !== null && TYPES_WITHOUT_TIME.includes(schema.type))
      return `${path} is of type ${schema.type}, not a time`;
    if (schema?.const !== undefined) constant = { value: schema.const as Json };
  }
  if (constant === null) return null;
  const time = parseTimestamp(constant.value);
  const end = resolveDelayEnd({
    delay_for: length,
    value: constant.value,
    hasPath: true,
    // A time more than a year ahead is usable later, and one in the past is not.
    now: Math.max(Date.now(), time === undefined ? 0 : time + (toMilliseconds(length) ?? 0) - DAY_MS),
    zone: environment.timezone ?? "Etc/UTC",
    findNextWindowTime: (rule, now, zone) => compiled.timeWindows?.findNextWindowTime(rule, now, zone),
  });
  if (!("invalid" in end)) return null;
  const shown = typeof constant.value === "string" ? ` (${JSON.stringify(constant.value)})` : "";
  return `${path}${end.invalid.startsWith(JSON.stringify(constant.value)) ? "" : shown}: ${end.invalid}`;
}

function findLengthProblem(settings: JsonObject, type: string): CheckFinding | null {
  const { length, fieldPath, emptyEffect } = WINDOWS[type] as (typeof WINDOWS)[string];
  const milliseconds = toMilliseconds(settings[length]);
  if (milliseconds === 0 && !settings[fieldPath])
    return { code: "empty_window", path: [length], message: `is 0, so ${emptyEffect}` };
  const limit = toMilliseconds(settings.batch_window_extension_limit);
  if (type !== "batch" || settings.batch_window_type !== "sliding" || milliseconds === undefined) return null;
  if (limit === undefined || limit >= milliseconds || settings[fieldPath]) return null;
  const message = "is longer than batch_window_extension_limit, so the next activity closes the batch early";
  return { code: "window_over_limit", path: [length], message };
}

/**
 * Returns findings about delays, batches and throttles that never have an effect, or whose window contradicts its limit.
 * Send windows that never open are errors of the workflow.
 */
export function checkWindows(compiled: CompiledWorkflow, environment: Environment): CheckFinding[] {
  const findings: CheckFinding[] = [];
  let isDataChanged = false;
  for (const { step, path } of walkSteps(compiled.workflow.steps)) {
    const base = [...parsePathSegments(path), "settings"];
    const window = WINDOWS[step.type];
    if (window !== undefined) {
      const settings = (step as unknown as { settings: JsonObject }).settings;
      const found = findLengthProblem(settings, step.type);
      if (found !== null) findings.push({ ...found, path: [...base, ...found.path] });
      const fieldPath = settings[window.fieldPath];
      const length = settings[window.length] as unknown as Duration | null;
      const problem =
        typeof fieldPath === "string"
          ? findUnusableTime({ path: fieldPath, length, compiled, environment, isDataChanged })
          : null;
      if (problem !== null)
        findings.push({
          code: "unusable_time",
          path: [...base, window.fieldPath],
          message: `is never usable: ${problem}`,
        });
    }
    isDataChanged ||= getStepDefinition(step).changedScopes?.includes("data") ?? false;
  }
  return findings;
}
