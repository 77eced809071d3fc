import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { toPointer } from "../../util/json.js";
import type { Audience } from "../audience/audience.js";
import { formatPointer } from "../findings/describe-finding.js";
import type { StepReference } from "../step/step-definition.js";
import { walkReferences } from "../step-types/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

/** Returns why a step cannot use the audience that it names, or null if it can or if no file defines the audience. */
function describeInvalidReference(
  { key, audienceType }: StepReference,
  types: ReadonlyMap<string, Audience["type"]>,
): string | null {
  const isDynamic = types.get(key) === "dynamic";
  if (audienceType === "dynamic") return isDynamic ? null : `"${key}" is not a dynamic audience of this project`;
  return isDynamic ? `"${key}" is a dynamic audience: members cannot be added or removed` : null;
}

/** Returns whether a workflow's steps name audiences. */
export function hasAudienceReferences({ steps }: Workflow): boolean {
  return walkReferences(steps, "audience").next().done !== true;
}

/**
 * Checks that wait steps name dynamic audiences (E-346) and update steps static ones (section 9.11 of the format).
 * Returns the workflow. Throws `workflow_invalid` with one pointer per finding.
 */
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
