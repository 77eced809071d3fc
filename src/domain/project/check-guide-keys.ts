import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { didYouMean } from "../../util/find-nearest.js";
import { toPointer } from "../../util/json.js";
import { formatPointer } from "../shape/describe-finding.js";
import { walkReferences } from "../steps/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

/**
 * In-app guide steps name guides of the project (section 7.7 of the format): a slip would add people to nothing. Only the
 * key is looked at; what is in the guide is read where it is shown. Throws `workflow_invalid`. `keys` is asked if need be.
 */
export function checkGuideKeys(workflow: Workflow, keys: () => readonly string[]): void {
  const references = [...walkReferences(workflow.steps, "guide")];
  if (references.length === 0) return;
  const known = [...keys()].sort();
  const details = references.flatMap(({ key, path }): ErrorDetail[] =>
    known.includes(key)
      ? []
      : [{ pointer: toPointer(path), message: `names no guide of this project: "${key}"`, value: key }],
  );
  const [first] = details;
  if (first === undefined) return;
  throw new KnockError(
    "workflow_invalid",
    `workflow "${workflow.key}": ${formatPointer(first.pointer)} ${first.message}`,
    {
      details,
      hint: didYouMean(String(first.value), known, "Guides") ?? "Guides are in guides/<key>/guide.json.",
    },
  );
}
