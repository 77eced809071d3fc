import { formatRecipient } from "../domain/recipient/recipient.js";
import type { Reason, StepOutcome } from "../domain/run/outcome.js";
import { describeStep } from "./describe-step.js";
import type { DecidingStep } from "./expectation-failure.js";
import type { MessageFilter } from "./expectation-schema.js";
import type { ObservedMessage, ObservedRun } from "./observed.js";
import { isSelected } from "./select-messages.js";

/** The maximum number of steps that a failure names. */
const MAX_CAUSES = 4;

/** Returns whether a step has a ref and a channel. A step without a channel has any. */
export function isStepSelected(
  found: StepOutcome,
  { step, channel }: Pick<MessageFilter, "step" | "channel">,
): boolean {
  if (step && found.ref !== step) return false;
  if (!channel || found.channel_type === undefined) return true;
  const message = { channel: { key: found.channel ?? "", type: found.channel_type ?? "" } } as ObservedMessage;
  return isSelected(message, { channel });
}

/** Returns whether a step could have sent a message that a filter selects, or keeps a run from reaching such a step. */
function isRelevant(found: StepOutcome, filter: MessageFilter): boolean {
  if (found.outcome === "sent" || found.outcome === "passed") return false;
  // A run continues after a delay or a fetch step that was skipped.
  return found.channel_type === undefined ? found.outcome !== "skipped" : isStepSelected(found, filter);
}

/** Returns how a run stopped before its first step. */
export const describeStop = ({ code, detail }: Reason): string =>
  `stopped (${code}${detail === null ? "" : `: ${detail}`})`;

const describeWait = ({ until }: StepOutcome): string => (until ? ` until ${until}` : "");

/** Returns the recipient and the step or workflow, and the outcome with its reason. */
export function describeCause({ run, step }: DecidingStep): { subject: string; found: string } {
  const name = formatRecipient(run.recipient);
  if (step !== null) return { subject: `${name} ${step.ref}`, found: `${describeStep(step)}${describeWait(step)}` };
  return {
    subject: `${name} ${run.workflow}`,
    found: run.reason === undefined ? "without steps" : describeStop(run.reason),
  };
}

/** Returns causes as the end of a sentence about what was found. Empty without causes. */
export function formatCauses(causes: readonly DecidingStep[]): string {
  if (causes.length === 0) return "";
  const texts = causes.slice(0, MAX_CAUSES).map((cause) => Object.values(describeCause(cause)).join(" "));
  const more = causes.length > MAX_CAUSES ? `, and ${causes.length - MAX_CAUSES} more` : "";
  return `; ${texts.join(", ")}${more}`;
}

/** Returns why runs have sent no message that a filter selects: their steps, in the order of the runs. */
export function listMissingCauses(filter: MessageFilter, runs: readonly ObservedRun[]): DecidingStep[] {
  const { to, workflow } = filter;
  const selected = runs.filter(
    (run) => (!to || formatRecipient(run.recipient) === to) && (!workflow || run.workflow === workflow),
  );
  return selected.flatMap((run): DecidingStep[] =>
    run.steps.length === 0 && run.reason !== undefined
      ? [{ run, step: null }]
      : run.steps.filter((step) => isRelevant(step, filter)).map((step) => ({ run, step })),
  );
}

/** Returns the steps that sent messages, in the order of the messages. */
export function listSendingSteps(messages: readonly string[], runs: readonly ObservedRun[]): DecidingStep[] {
  const steps = runs.flatMap((run) => run.steps.map((step) => ({ run, step })));
  return messages.flatMap((id) =>
    steps.filter(({ step }) => step.message_id === id || step.message_ids?.includes(id)).slice(0, 1),
  );
}
