import { parseTimestamp } from "../domain/condition/parse-timestamp.js";
import { BUILT_IN_VARIABLES } from "../domain/environment/built-in-variables.js";
import type { Environment } from "../domain/environment/environment.js";
import { DAY_MS, type Duration, toMilliseconds } from "../domain/step/step-duration.js";
import type { WindowSettings } from "../domain/step/window.js";
import { ScopeChanges } from "../domain/step-types/scope-changes.js";
import { getStepDefinition } from "../domain/step-types/step-definitions.js";
import { parsePathSegments, walkSteps } from "../domain/step-types/walk-steps.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import { resolveDelayEnd, resolveFieldPath } from "../engine/schedule/resolve-delay-end.js";
import type { CompiledWorkflow } from "../engine/workflow/compiled-workflow.js";
import type { Json, JsonObject } from "../util/json.js";
import { findPropertySchema } from "./find-property-schema.js";

/** Types of JSON Schema whose values are never a time, a duration or a window rule. */
const TYPES_WITHOUT_TIME: readonly unknown[] = ["array", "boolean", "integer", "null", "number"];

/** A value that is the same in every run; undefined if it is missing in every run. */
interface Constant {
  value: Json | undefined;
}

function findConstantVariable(path: string, { variables, secret_references }: Environment): Constant | null {
  const [, name = ""] = path.split(".");
  const known = [...Object.keys(secret_references), ...BUILT_IN_VARIABLES];
  if (!Object.hasOwn(variables, name) && known.includes(name)) return null;
  return { value: resolveFieldPath(path, { vars: variables }) as Json | undefined };
}

interface CheckedPath {
  path: string;
  length: Duration | null;
  compiled: CompiledWorkflow;
  environment: Environment;
  /** The properties that earlier steps may have changed. */
  changes: ScopeChanges;
}

/** Returns whether steps may have changed the property of the data that a path leads to. */
function isChanged(path: string, changes: ScopeChanges): boolean {
  const [property = ""] = path.replace(/^data\./, "").split(".");
  return changes.listAdded("data")?.includes(property) ?? true;
}

/** Returns why the time at a path is never usable, or null. The engine decides about the value. */
function findUnusableTime({ path, length, compiled, environment, changes }: CheckedPath): string | null {
  const [root = ""] = path.split(".");
  let constant: Constant | null = null;
  if (root === "vars" && path !== root) constant = findConstantVariable(path, environment);
  else if (!["recipient", "actor", "tenant"].includes(root) && !isChanged(path, changes)) {
    const schema = findPropertySchema(path, compiled.workflow.trigger_data_json_schema);
    if (schema !== null && TYPES_WITHOUT_TIME.includes(schema.type))
      return `${path} is of type ${schema.type}, not a time`;
    if (schema?.const !== undefined) constant = { value: schema.const };
  }
  if (constant === null) return null;
  const time = parseTimestamp(constant.value);
  const end = resolveDelayEnd({
    delay_for: length,
    value: constant.value,
    path,
    // A time more than a year ahead is usable later, and one in the past is not.
    now: Math.max(Date.now(), time === undefined ? 0 : time + (toMilliseconds(length) ?? 0) - DAY_MS),
    zone: environment.timezone ?? "Etc/UTC",
    findNextWindowTime: (rule, now, zone) => compiled.timeWindows?.findNextWindowTime(rule, now, zone),
  });
  if (!("invalid" in end)) return null;
  const shown = JSON.stringify(constant.value);
  if (typeof constant.value !== "string" || end.invalid.includes(shown)) return end.invalid;
  return end.invalid.replace(path, () => `${path} (${shown})`);
}

/** Returns the finding about the length of a window without a field path, if it has no effect or exceeds its limit. */
function findLengthProblem(settings: JsonObject, { length, emptyEffect, getLimit }: WindowSettings): CheckFinding[] {
  const milliseconds = toMilliseconds(settings[length]);
  if (milliseconds === undefined) return [];
  if (milliseconds === 0) return [{ code: "empty_window", path: [length], message: `is 0, so ${emptyEffect}` }];
  const limit = getLimit?.(settings) ?? null;
  if (limit === null || limit.milliseconds >= milliseconds) return [];
  const message = `is longer than ${limit.name}, which ends the window early`;
  return [{ code: "window_over_limit", path: [length], message }];
}

/** Returns the findings about a window, by paths below the settings. */
function checkWindow(
  settings: JsonObject,
  window: WindowSettings,
  context: Omit<CheckedPath, "path" | "length">,
): CheckFinding[] {
  const path = settings[window.fieldPath];
  if (typeof path !== "string") return findLengthProblem(settings, window);
  const length = settings[window.length] as Duration | null;
  const problem = findUnusableTime({ path, length, ...context });
  return problem === null
    ? []
    : [{ code: "unusable_time", path: [window.fieldPath], message: `is never usable: ${problem}` }];
}

/**
 * Returns findings about delays, batches and throttles that never have an effect, or whose window exceeds its limit. Send
 * windows that never open are errors of the workflow.
 */
export function checkWindows(compiled: CompiledWorkflow, environment: Environment): CheckFinding[] {
  const findings: CheckFinding[] = [];
  const changes = new ScopeChanges();
  for (const { step, path } of walkSteps(compiled.workflow.steps)) {
    const { window } = getStepDefinition(step);
    if (window !== undefined && "settings" in step) {
      const found = checkWindow(step.settings as JsonObject, window, { compiled, environment, changes });
      const base = [...parsePathSegments(path), "settings"];
      findings.push(...found.map((finding) => ({ ...finding, path: [...base, ...finding.path] })));
    }
    changes.add(step);
  }
  return findings;
}
