import type { Reason, StepOutcome } from "../../domain/run/outcome.js";
import type { DelayStep } from "../../domain/steps/delay.js";
import { isoTime } from "../../util/iso-time.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import { windowEnd } from "../advancing/step-window.js";
import type { EngineStep } from "./engine-step.js";

function outcome(
  step: DelayStep,
  result: StepOutcome["outcome"],
  reason: Reason | null = null,
  until: string | null = null,
): StepOutcome {
  const base: StepOutcome = { ref: step.ref, type: "delay", outcome: result, reason };
  if (result === "waiting") base.until = until;
  return base;
}

/** A delay (section 15 of the engine catalogue). `resumed`: the run comes back from waiting at it. */
function executeDelay(step: DelayStep, resumed: boolean, advancing: Advancing): StepEffect {
  const { input } = advancing;
  if (resumed) return { outcome: outcome(step, "passed") };

  const unmet = unmetConditions(step, outcome(step, "skipped"), advancing);
  if (unmet) return unmet;
  if (input.run.settings.skip_delay) return { outcome: outcome(step, "skipped", { code: "skip_delay", detail: null }) }; // E-238

  const { delay_for, delay_until_field_path: path } = step.settings;
  const end = windowEnd({ duration: delay_for, path }, advancing);
  // E-236: the run goes on at once; the error stays in its log.
  if ("invalid" in end) return { outcome: outcome(step, "skipped", { code: "invalid_window", detail: end.invalid }) };
  if (end.until <= input.now) return { outcome: outcome(step, "passed") };
  return { outcome: outcome(step, "waiting", null, isoTime(end.until)), wait: { until: end.until } };
}

export const delay: EngineStep<DelayStep> = {
  execute: executeDelay,
  needsTime: ({ settings }) => settings.delay_until_field_path !== null,
};
