import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { toPointer } from "../../util/json.js";
import type { Environment } from "../environment/environment.js";
import { formatPointer } from "../findings/describe-finding.js";
import { type ChannelType, hasTrait } from "../message/channel-types.js";
import type { ChannelStep } from "../step-types/channel-step.js";
import { checkChannelTemplate } from "../step-types/channel-step.js";
import { parsePathSegments, walkChannelSteps } from "../step-types/walk-steps.js";
import type { Workflow } from "../workflow/workflow.js";
import { checkReplies } from "./check-replies.js";

/** Returns the type of a step's channel or channel group in the environment, or null if it is not declared. */
function findDeclaredType(
  { channel_key, channel_group_key }: ChannelStep,
  environment: Environment,
): ChannelType | null {
  const { channels, channel_groups, null_channel_types } = environment;
  if (channel_key !== null)
    return (
      (Object.hasOwn(channels, channel_key) && channels[channel_key]?.type) || null_channel_types[channel_key] || null
    );
  const group = channel_group_key ?? "";
  return (Object.hasOwn(channel_groups, group) && channel_groups[group]?.type) || null;
}

/**
 * Sets the channel type of each channel step of an old file to the type of its channel or channel group in the
 * environment (F-041). Modifies the steps and returns the workflow. Throws `workflow_invalid` for steps whose type is
 * unknown or differs from that of the channel or group, and for invalid replies.
 */
export function resolveChannelTypes(workflow: Workflow, environment: Environment): Workflow {
  const details: ErrorDetail[] = [];
  const report = (path: PropertyKey[], message: string): void => {
    details.push({ pointer: toPointer(path), message });
  };
  for (const { step, path } of walkChannelSteps(workflow.steps)) {
    const key = step.channel_key ?? step.channel_group_key;
    if (key === null) continue;
    const stepPath = parsePathSegments(path);
    const typePath = [...stepPath, "channel_type"];
    const type = findDeclaredType(step, environment);
    const channel = `${step.channel_key === null ? "channel group" : "channel"} "${key}"`;
    if (step.channel_type === null && type === null) {
      report(typePath, `is required: no ${channel} is declared`);
    } else if (step.channel_type === null && hasTrait(type, "isGuide")) {
      report(typePath, `is required: ${channel} is of type "${type}", which is never inferred`);
    } else if (step.channel_type === null) {
      step.channel_type = type;
      checkChannelTemplate(step, (below, message) => report([...stepPath, ...below], message));
    } else if (type !== null && type !== step.channel_type) {
      details.push({
        pointer: toPointer(typePath),
        message: `is "${step.channel_type}", but ${channel} is of type "${type}"`,
        value: step.channel_type,
      });
    }
  }
  checkReplies(workflow, (path, message) =>
    report([...parsePathSegments(path), "template", "settings", "reply_to_step_ref"], message),
  );
  const [first] = details;
  if (first)
    throw new KnockError(
      "workflow_invalid",
      `workflow "${workflow.key}": ${formatPointer(first.pointer)} ${first.message}`,
      {
        details,
      },
    );
  return workflow;
}
