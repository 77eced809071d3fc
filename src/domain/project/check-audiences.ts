import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import type { Audience } from "../audience/audience.js";
import { placeOf } from "../shape/place.js";
import type { Step } from "../step/step.js";
import { walkSteps } from "../steps/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";

interface Fault {
  /** Below the step. */
  pointer: string;
  message: string;
}

/** What is wrong with the audience that a step names; null where nothing is, or no file tells. */
function faultOf(step: Step, types: ReadonlyMap<string, Audience["type"]>): Fault | null {
  if (step.type === "update_audience") {
    const { audience_key: key } = step.settings;
    if (types.get(key) !== "dynamic") return null;
    return { pointer: "/settings/audience_key", message: `"${key}" is dynamic: nobody can be added or removed` };
  }
  if (step.type !== "wait_for_event" || step.settings.event.event_type !== "audience") return null;
  const { audience_key: key } = step.settings.event;
  if (types.get(key) === "dynamic") return null;
  return { pointer: "/settings/event/audience_key", message: `"${key}" is no dynamic audience of this project` };
}

/** Whether a workflow's steps depend on what the project's audiences are. */
export function namesAudiences(workflow: Workflow): boolean {
  for (const { step } of walkSteps(workflow.steps)) {
    if (step.type === "update_audience") return true;
    if (step.type === "wait_for_event" && step.settings.event.event_type === "audience") return true;
  }
  return false;
}

/** Waits take dynamic audiences only (E-346), updates static ones (section 9.11 of the format). Throws `workflow_invalid`. */
export function checkAudiences(workflow: Workflow, audiences: readonly Audience[]): Workflow {
  const types = new Map(audiences.map(({ key, type }) => [key, type]));
  const details: ErrorDetail[] = [];
  for (const { step, path } of walkSteps(workflow.steps)) {
    const fault = faultOf(step, types);
    const place = path.split(/[.[\]]+/).filter(Boolean);
    if (fault !== null) details.push({ pointer: `/${place.join("/")}${fault.pointer}`, message: fault.message });
  }
  const [first] = details;
  if (first === undefined) return workflow;
  throw new KnockError("workflow_invalid", `workflow "${workflow.key}": ${placeOf(first.pointer)} ${first.message}`, {
    details,
    hint: `Mend workflows/${workflow.key}/workflow.json, or the audience in audiences/.`,
  });
}
