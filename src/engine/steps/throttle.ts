import type { StepOutcome } from "../../domain/run/outcome.js";
import { recipientStepKey } from "../../domain/run/recipient-step-key.js";
import { DAY_MS } from "../../domain/step/duration.js";
import type { ThrottleStep } from "../../domain/steps/throttle.js";
import { formatDuration } from "../../util/duration.js";
import { isoTime } from "../../util/iso-time.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import { stepKeyOrNothing } from "../advancing/step-key.js";
import { windowEnd } from "../advancing/step-window.js";
import { NeedsAnswer } from "../context/need.js";
import type { EngineStep } from "./engine-step.js";

const MAX_WINDOW_MS = 31 * DAY_MS;
/** After JSON and URL encoding (E-290). */
const MAX_KEY = 64;

/** The throttle's own key, or why it has none (E-285, E-289, E-290). */
function keyOf(step: ThrottleStep, { input, scope, run, wholeData }: Advancing): { key: string } | { invalid: string } {
  const { throttle_key } = step.settings;
  const value = throttle_key === null ? "" : stepKeyOrNothing(throttle_key, { ...scope, data: wholeData });
  if (value === undefined) return { invalid: `${throttle_key}: the key is missing` };
  if (encodeURIComponent(JSON.stringify(value)).length >= MAX_KEY)
    return { invalid: "the key is longer than 63 characters once encoded" };
  const sharing = [input.compiled.workflow.key, step.ref];
  return { key: recipientStepKey(run.recipient, sharing, input.run.settings.branch, value) };
}

/** A throttle (section 17): as many runs pass per window as its limit says, the next one ends there. */
function executeThrottle(step: ThrottleStep, advancing: Advancing): StepEffect {
  const { input, run } = advancing;
  const base: StepOutcome = { ref: step.ref, type: "throttle", outcome: "passed", reason: null };
  const unmet = unmetConditions(step, base, advancing);
  if (unmet) return unmet;
  const { throttle_window, throttle_window_field_path, throttle_limit } = step.settings;
  const end = windowEnd({ duration: throttle_window, path: throttle_window_field_path }, advancing);
  const key = keyOf(step, advancing);
  const invalid =
    "invalid" in end
      ? end.invalid
      : "invalid" in key
        ? key.invalid
        : end.until - input.now > MAX_WINDOW_MS
          ? "the window is longer than 31 days"
          : null;
  if (invalid !== null || "invalid" in end || "invalid" in key) {
    return { outcome: { ...base, outcome: "skipped", reason: { code: "invalid_window", detail: invalid } } }; // E-289: the run passes
  }
  const passed = input.answers.get(step.ref);
  if (passed === undefined && advancing.isSupposed) {
    // To ask would use up a pass: the run asks once it is known to be here.
    const until = isoTime(input.now);
    return { outcome: { ...base, outcome: "waiting", until }, wait: { until: input.now } };
  }
  if (passed === undefined) {
    const pass = { key: key.key, recipient_run_id: run.id, limit: throttle_limit, window_ms: end.until - input.now };
    throw new NeedsAnswer({ kind: "throttle", ref: step.ref, pass });
  }
  if (passed === true) return { outcome: base };
  const detail = `${throttle_limit} per ${formatDuration(end.until - input.now)}`;
  return { halt: true, outcome: { ...base, outcome: "halted", reason: { code: "throttled", detail } } };
}

export const throttle: EngineStep<ThrottleStep> = {
  execute: (step, _resumed, advancing) => executeThrottle(step, advancing),
  needsTime: ({ settings }) => settings.throttle_window_field_path !== null,
};
