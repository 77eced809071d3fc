import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { toPointer } from "../../util/json.js";
import type { Audience } from "../audience/audience.js";
import { formatPointer } from "../shape/describe-finding.js";
import type { StepReference } from "../step/step-definition.js";
import { walkReferences } from "../steps/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

/** What is wrong with the audience that a step names; null where nothing is, or no file tells. */
function describeInvalidReference(
  { key, audienceType }: StepReference,
  types: ReadonlyMap<string, Audience["type"]>,
): string | null {
  const isDynamic = types.get(key) === "dynamic";
  if (audienceType === "dynamic") return isDynamic ? null : `"${key}" is no dynamic audience of this project`;
  return isDynamic ? `"${key}" is dynamic: nobody can be added or removed` : null;
}

/** Whether a workflow's steps depend on what the project's audiences are. */
export function hasAudienceReferences({ steps }: Workflow): boolean {
  return walkReferences(steps, "audience").next().done !== true;
}

/** Waits take dynamic audiences only (E-346), updates static ones (section 9.11 of the format). Throws `workflow_invalid`. */
export function checkAudiences(workflow: Workflow, audiences: readonly Audience[]): Workflow {
  const types = new Map(audiences.map(({ key, type }) => [key, type]));
  const details: ErrorDetail[] = [];
  for (const reference of walkReferences(workflow.steps, "audience")) {
    const message = describeInvalidReference(reference, types);
    if (message !== null) details.push({ pointer: toPointer(reference.path), message });
  }
  const [first] = details;
  if (first === undefined) return workflow;
  throw new KnockError(
    "workflow_invalid",
    `workflow "${workflow.key}": ${formatPointer(first.pointer)} ${first.message}`,
    {
      details,
      hint: `Fix workflows/${workflow.key}/workflow.json, or the audience in audiences/.`,
    },
  );
}
