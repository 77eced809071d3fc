import type { StepOutcome } from "../../domain/run/outcome.js";
import { recipientStepKey } from "../../domain/run/recipient-step-key.js";
import type { BatchStep } from "../../domain/steps/batch.js";
import { isoTime } from "../../util/iso-time.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import { stepKeyOrNothing } from "../advancing/step-key.js";
import { fixedMs, windowEnd } from "../advancing/step-window.js";
import type { EngineStep } from "./engine-step.js";

/** Who shares a batch (E-243): of the newest version mode per step, of the pinned one per version. */
function keyOf(step: BatchStep, advancing: Advancing): string {
  const { input, run } = advancing;
  const { batch_key, workflow_version_mode } = step.settings;
  const { workflow } = input.compiled;
  const value =
    batch_key === null ? "" : stepKeyOrNothing(batch_key, { ...advancing.scope, data: advancing.wholeData });
  if (value === undefined) advancing.warn(`${batch_key}: the batch key is missing, the empty one is used`); // EQ-38
  const sharing =
    workflow_version_mode === "latest" ? ["latest", workflow.key, step.ref] : ["pinned", workflow.version_id];
  return recipientStepKey(run.recipient, sharing, input.run.settings.branch, value ?? "");
}

/** A batch step (section 16). `resumed`: the window closed, and the run goes on with what was gathered. */
function executeBatch(step: BatchStep, resumed: boolean, advancing: Advancing): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "batch", outcome: "waiting", reason: null };
  if (resumed) return { outcome: { ...base, outcome: "passed" } };

  const unmet = unmetConditions(step, base, advancing);
  if (unmet) return unmet;
  const { settings } = step;
  const end = windowEnd({ duration: settings.batch_window, path: settings.batch_until_field_path }, advancing);
  const isKnown = "until" in end;
  // A relative window never slides (EQ-42).
  const isRelative = settings.batch_window !== null && settings.batch_until_field_path !== null;
  const limit = settings.batch_window_extension_limit;
  const slides = settings.batch_window_type === "sliding" && limit !== null && !isRelative;
  const leads = settings.batch_execution_mode === "flush_leading" ? ({ ...base, outcome: "passed" } as const) : null;
  return {
    outcome: { ...base, until: isoTime(isKnown ? end.until : advancing.input.now) },
    batch: {
      key: keyOf(step, advancing),
      closes_at: isKnown ? end.until : null,
      sliding: slides && isKnown ? { closes_at: end.until, limit_ms: fixedMs(limit) } : null,
      max_items: settings.batch_items_max_limit,
      // E-256: with no batch open. An open one is joined whatever this trigger's window is (E-254, EQ-42).
      alone: isKnown ? leads : { ...base, outcome: "skipped", reason: { code: "invalid_window", detail: end.invalid } },
    },
  };
}

export const batch: EngineStep<BatchStep> = {
  execute: executeBatch,
  needsTime: ({ settings }) => settings.batch_until_field_path !== null,
};
