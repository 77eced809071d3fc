import type { StepOutcome } from "../../domain/run/outcome.js";
import { buildRecipientStepKey } from "../../domain/run/recipient-step-key.js";
import type { BatchStep } from "../../domain/step-types/batch-step.js";
import { toIsoTime } from "../../util/iso-time.js";
import { findStepKey } from "../execution/resolve-step-key.js";
import { getDurationMs, resolveWindowEnd } from "../execution/resolve-window-end.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import type { StepHandler } from "./step-handler.js";

/**
 * Returns the key of a batch (E-243). Runs share it per step in version mode `latest`, and per version in mode
 * `pinned`.
 */
function resolveBatchKey(step: BatchStep, execution: RunExecution): string {
  const { input, run } = execution;
  const { batch_key, workflow_version_mode } = step.settings;
  const { workflow } = input.compiled;
  const value = batch_key === null ? "" : findStepKey(batch_key, { ...execution.scope, data: execution.unreducedData });
  if (value === undefined) execution.warn(`${batch_key}: the batch key is missing; an empty key is used`); // EQ-38
  const sharing =
    workflow_version_mode === "latest" ? ["latest", workflow.key, step.ref] : ["pinned", workflow.version_id];
  return buildRecipientStepKey(run.recipient, sharing, input.run.settings.branch, value ?? "");
}

/** Executes a batch step (section 16). `resumed`: the window has closed, and the run continues with the activities. */
function executeBatch(step: BatchStep, resumed: boolean, execution: RunExecution): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "batch", outcome: "waiting", reason: null };
  if (resumed) return { outcome: { ...base, outcome: "passed" } };

  const unmet = execution.skipByConditions(step, base);
  if (unmet) return unmet;
  const { settings } = step;
  const end = resolveWindowEnd({ duration: settings.batch_window, path: settings.batch_until_field_path }, execution);
  const isKnown = "until" in end;
  // A relative window never slides (EQ-42).
  const isRelative = settings.batch_window !== null && settings.batch_until_field_path !== null;
  const limit = settings.batch_window_extension_limit;
  const slides = settings.batch_window_type === "sliding" && limit !== null && !isRelative;
  const leadingOutcome =
    settings.batch_execution_mode === "flush_leading" ? ({ ...base, outcome: "passed" } as const) : null;
  return {
    outcome: { ...base, until: toIsoTime(isKnown ? end.until : execution.input.now) },
    batch: {
      key: resolveBatchKey(step, execution),
      closes_at: isKnown ? end.until : null,
      sliding: slides && isKnown ? { closes_at: end.until, limit_ms: getDurationMs(limit) } : null,
      max_items: settings.batch_items_max_limit,
      // The outcome if no batch is open (E-256). An open batch is joined whatever this trigger's window is (E-254,
      // EQ-42).
      outcomeWithoutBatch: isKnown
        ? leadingOutcome
        : { ...base, outcome: "skipped", reason: { code: "invalid_window", detail: end.invalid } },
    },
  };
}

export const batchHandler: StepHandler<BatchStep> = {
  execute: executeBatch,
  needsTimeWindows: ({ settings }) => settings.batch_until_field_path !== null,
};
