import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";

/** Throws `workflow_missing` for the first key that is not among the known ones. */
export function checkWorkflowKeys(keys: readonly string[], known: readonly string[]): void {
  for (const key of keys)
    if (!known.includes(key))
      throw new KnockError("workflow_missing", `there is no workflow "${key}"`, {
        hint: didYouMean(key, known, "Workflows"),
      });
}
