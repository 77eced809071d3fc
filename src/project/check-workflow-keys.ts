import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";

/** Returns the key in the path of a workflow's folder or file, such as `knock/workflows/invite/workflow.json`. */
const findKeyInPath = (path: string): string | undefined => /(?:^|[\\/])workflows[\\/]([^\\/]+)/.exec(path)?.[1];

/** Throws `workflow_missing` for the first key that is not among the known ones. */
export function checkWorkflowKeys(keys: readonly string[], known: readonly string[]): void {
  for (const key of keys)
    if (!known.includes(key))
      throw new KnockError("workflow_missing", `there is no workflow "${key}"`, {
        hint: didYouMean(findKeyInPath(key) ?? key, known, "Workflows"),
      });
}
