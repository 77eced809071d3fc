import type { Reason, StepOutcome } from "../../domain/run/outcome.js";
import type { DelayStep } from "../../domain/step-types/delay-step.js";
import { toIsoTime } from "../../util/iso-time.js";
import { resolveWindowEnd } from "../execution/resolve-window-end.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import type { StepHandler } from "./step-handler.js";

function buildOutcome(
  step: DelayStep,
  result: StepOutcome["outcome"],
  reason: Reason | null = null,
  until: string | null = null,
): StepOutcome {
  const base: StepOutcome = { ref: step.ref, type: "delay", outcome: result, reason };
  if (result === "waiting") base.until = until;
  return base;
}

/** Executes a delay step (section 15 of the engine catalog). `resumed`: the run has waited at it. */
function executeDelay(step: DelayStep, resumed: boolean, execution: RunExecution): StepEffect {
  const { input } = execution;
  if (resumed) return { outcome: buildOutcome(step, "passed") };

  const unmet = execution.skipByConditions(step, buildOutcome(step, "skipped"));
  if (unmet) return unmet;
  if (input.run.settings.skip_delay)
    return { outcome: buildOutcome(step, "skipped", { code: "skip_delay", detail: null }) }; // E-238

  const { delay_for, delay_until_field_path: path } = step.settings;
  const end = resolveWindowEnd({ duration: delay_for, path }, execution);
  // The run continues immediately; the error stays in its events (E-236).
  if ("invalid" in end) {
    const detail = `${end.invalid}, so the run continues at once`;
    return { outcome: buildOutcome(step, "skipped", { code: "invalid_window", detail }) };
  }
  if (end.until <= input.now) return { outcome: buildOutcome(step, "passed") };
  return { outcome: buildOutcome(step, "waiting", null, toIsoTime(end.until)), wait: { until: end.until } };
}

export const delayHandler: StepHandler<DelayStep> = {
  execute: executeDelay,
  needsTimeWindows: ({ settings }) => settings.delay_until_field_path !== null,
};
