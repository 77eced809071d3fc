import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { didYouMean } from "../../util/nearest.js";
import { placeOf } from "../shape/place.js";
import { walkSteps } from "../steps/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

/**
 * In-app guide steps name guides of the project (section 7.7 of the format): a slip would add people to nothing. Only the
 * key is looked at; what is in the guide is read where it is shown. Throws `workflow_invalid`. `keys` is asked if need be.
 */
export function checkGuideKeys(workflow: Workflow, keys: () => readonly string[]): void {
  const named = [...walkSteps(workflow.steps)].flatMap(({ step, path }) =>
    step.type === "channel" && step.guide_key !== null ? [{ key: step.guide_key, path }] : [],
  );
  if (named.length === 0) return;
  const known = [...keys()].sort();
  const details = named.flatMap(({ key, path }): ErrorDetail[] => {
    if (known.includes(key)) return [];
    const pointer = `/${path
      .split(/[.[\]]+/)
      .filter(Boolean)
      .join("/")}/guide_key`;
    return [{ pointer, message: `names no guide of this project: "${key}"`, value: key }];
  });
  const [first] = details;
  if (first === undefined) return;
  throw new KnockError("workflow_invalid", `workflow "${workflow.key}": ${placeOf(first.pointer)} ${first.message}`, {
    details,
    hint: didYouMean(String(first.value), known, "Guides") ?? "Guides are in guides/<key>/guide.json.",
  });
}
