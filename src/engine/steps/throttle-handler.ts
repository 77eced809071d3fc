import type { StepOutcome } from "../../domain/run/outcome.js";
import { buildRecipientStepKey } from "../../domain/run/recipient-step-key.js";
import { DAY_MS } from "../../domain/step/step-duration.js";
import type { ThrottleStep } from "../../domain/step-types/throttle-step.js";
import { formatDuration } from "../../util/duration.js";
import { toIsoTime } from "../../util/iso-time.js";
import { PendingQueryError } from "../context/pending-query.js";
import { findStepKey } from "../execution/resolve-step-key.js";
import { resolveWindowEnd } from "../execution/resolve-window-end.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import type { StepHandler } from "./step-handler.js";

const MAX_WINDOW_MS = 31 * DAY_MS;
/** The limit after JSON and URL encoding (E-290). */
const MAX_KEY_CHARACTERS = 64;

/** Returns the key of a throttle, or why it is invalid (E-285, E-289, E-290). */
function resolveThrottleKey(
  step: ThrottleStep,
  { input, scope, run, unreducedData }: RunExecution,
): { key: string } | { invalid: string } {
  const { throttle_key } = step.settings;
  const value = throttle_key === null ? "" : findStepKey(throttle_key, { ...scope, data: unreducedData });
  if (value === undefined) return { invalid: `${throttle_key}: the key is missing` };
  if (encodeURIComponent(JSON.stringify(value)).length >= MAX_KEY_CHARACTERS)
    return { invalid: "the key is longer than 63 characters once encoded" };
  const sharing = [input.compiled.workflow.key, step.ref];
  return { key: buildRecipientStepKey(run.recipient, sharing, input.run.settings.branch, value) };
}

/** Executes a throttle step (section 17): up to the limit, runs pass within a window; further runs end there. */
function executeThrottle(step: ThrottleStep, execution: RunExecution): StepEffect {
  const { input, run } = execution;
  const base: StepOutcome = { ref: step.ref, type: "throttle", outcome: "passed", reason: null };
  const unmet = execution.skipByConditions(step, base);
  if (unmet) return unmet;
  const { throttle_window, throttle_window_field_path, throttle_limit } = step.settings;
  const end = resolveWindowEnd({ duration: throttle_window, path: throttle_window_field_path }, execution);
  const key = resolveThrottleKey(step, execution);
  const invalid =
    "invalid" in end
      ? end.invalid
      : "invalid" in key
        ? key.invalid
        : end.until - input.now > MAX_WINDOW_MS
          ? "the window is longer than 31 days"
          : null;
  if (invalid !== null || "invalid" in end || "invalid" in key) {
    return { outcome: { ...base, outcome: "skipped", reason: { code: "invalid_window", detail: invalid } } }; // the run passes (E-289)
  }
  const passed = input.queryResults.get(step.ref);
  if (passed === undefined && execution.isSpeculative) {
    // The query would use up a slot, so the run makes it only after the store has picked this continuation.
    const until = toIsoTime(input.now);
    return { outcome: { ...base, outcome: "waiting", until }, wait: { until: input.now } };
  }
  if (passed === undefined) {
    const window_ms = end.until - input.now;
    const throttleRequest = { key: key.key, recipient_run_id: run.id, limit: throttle_limit, window_ms };
    throw new PendingQueryError({ kind: "throttle", ref: step.ref, throttleRequest });
  }
  if (passed === true) return { outcome: base };
  const detail = `${throttle_limit} per ${formatDuration(end.until - input.now)}`;
  return { haltsRun: true, outcome: { ...base, outcome: "halted", reason: { code: "throttled", detail } } };
}

export const throttleHandler: StepHandler<ThrottleStep> = {
  execute: (step, _resumed, execution) => executeThrottle(step, execution),
  needsTimeWindows: ({ settings }) => settings.throttle_window_field_path !== null,
};
