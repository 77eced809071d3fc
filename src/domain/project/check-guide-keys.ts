import type { ErrorDetail } from "../../errors/knock-error.js";
import { didYouMean, toHintText } from "../../util/find-nearest.js";
import { toPointer } from "../../util/json.js";
import { walkReferences } from "../step-types/walk-steps.js";
import { createWorkflowError } from "../workflow/create-workflow-error.js";
import type { Workflow } from "../workflow/workflow.js";

/**
 * Checks that in-app guide steps name guides of the project, because a step with a misspelled key would have no effect
 * (section 7.7 of the format). The content of guides is not read. `keys` is only called if there are such steps. Throws
 * `workflow_invalid` with one pointer per finding.
 */
export async function checkGuideKeys(workflow: Workflow, keys: () => Promise<readonly string[]>): Promise<void> {
  const references = [...walkReferences(workflow.steps, "guide")];
  if (references.length === 0) return;
  const known = [...(await keys())].sort();
  const details = references.flatMap(({ key, path }): ErrorDetail[] =>
    known.includes(key)
      ? []
      : [{ pointer: toPointer(path), message: `is not a guide of this project: "${key}"`, value: key }],
  );
  const [first, ...others] = details;
  if (first === undefined) return;
  const hint = toHintText(didYouMean(String(first.value), known, "Guides")) ?? "Guides are in guides/<key>/guide.json.";
  throw createWorkflowError(workflow, [first, ...others], hint);
}
