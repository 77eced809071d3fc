import type { Step } from "../step/step.js";
import { type BatchStep, isBatchStep } from "./batch-step.js";
import { ScopeChanges } from "./scope-changes.js";
import { walkSteps } from "./walk-steps.js";

/** The batch before a step, and the changes of the data since then. */
export interface ReducedData {
  batch: BatchStep;
  /** The properties that steps after the batch may have added to the data; null if they are not known. */
  added: readonly string[] | null;
}

/** Returns whether every run that reaches a batch waits there, so that its data is reduced afterwards. */
const isCertain = ({ conditions, settings }: BatchStep): boolean =>
  conditions === null &&
  settings.batch_window !== null &&
  settings.batch_until_field_path === null &&
  settings.batch_execution_mode === "accumulate";

/** Returns the steps that run only after a batch has closed and reduced the data (E-276), by ref. */
export function findReducedSteps(steps: readonly Step[]): Map<string, ReducedData> {
  const batches: { batch: BatchStep; list: string; changes: ScopeChanges }[] = [];
  const reduced = new Map<string, ReducedData>();
  for (const { step, path } of walkSteps(steps)) {
    // The steps that follow in the same list, and those inside them, run after the batch.
    const last = batches.findLast(({ list }) => path.startsWith(list));
    if (last !== undefined) reduced.set(step.ref, { batch: last.batch, added: last.changes.listAdded("data") });
    for (const { changes } of batches) changes.add(step);
    if (isBatchStep(step) && isCertain(step))
      batches.push({ batch: step, list: path.slice(0, path.lastIndexOf("[") + 1), changes: new ScopeChanges() });
  }
  return reduced;
}
