import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { pointerOf } from "../util/json.js";
import type { Environment } from "./environment.js";
import { checkTemplate } from "./parse-step.js";
import { placeOf } from "./place.js";
import { type Workflow, walkSteps } from "./workflow.js";

/** `steps[2].branches[0].steps[1]` as path segments. */
function segmentsOf(place: string): PropertyKey[] {
  return place
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/**
 * Gives every channel step the type that its channel has in the environment, where an old file leaves it out, and
 * refuses a step whose type is not its channel's (F-041). The steps are changed in place.
 */
export function resolveChannelTypes(workflow: Workflow, environment: Environment): Workflow {
  const details: ErrorDetail[] = [];
  for (const { step, path } of walkSteps(workflow.steps)) {
    if (step.type !== "channel" || step.channel_key === null) continue;
    const here = segmentsOf(path);
    const channel = environment.channels[step.channel_key];
    if (step.channel_type === null) {
      if (!channel) {
        details.push({
          pointer: pointerOf([...here, "channel_type"]),
          message: `is required: no channel "${step.channel_key}" is declared that would tell it`,
        });
        continue;
      }
      step.channel_type = channel.type;
      checkTemplate(step, here, {
        workflow: workflow.key,
        complain: (at, message) => details.push({ pointer: pointerOf(at), message }),
      });
    } else if (channel && channel.type !== step.channel_type) {
      details.push({
        pointer: pointerOf([...here, "channel_type"]),
        message: `is "${step.channel_type}", but channel "${step.channel_key}" is of type "${channel.type}"`,
        value: step.channel_type,
      });
    }
  }
  const [first] = details;
  if (first)
    throw new KnockError("workflow_invalid", `workflow "${workflow.key}": ${placeOf(first.pointer)} ${first.message}`, {
      details,
    });
  return workflow;
}
