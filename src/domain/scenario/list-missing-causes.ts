import type { Reason, StepOutcome } from "../run/outcome.js";
import { describeStep, type ExpectationFailure, formatRecipient } from "./check-expectation.js";
import type { MessageFilter } from "./expectation-schema.js";
import type { ObservedMessage, ObservedRun } from "./observed.js";
import { isSelected } from "./select-messages.js";

/** A step that sent no message, or a run that stopped before its first step. */
interface MissingCause {
  /** The recipient and the step or workflow. */
  subject: string;
  /** The outcome with its reason. */
  found: string;
  about?: ExpectationFailure["about"];
}

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

/** Returns why runs have sent no message that a filter selects: the outcomes of their steps, in the order of the runs. */
export function listMissingCauses(filter: MessageFilter, runs: readonly ObservedRun[]): MissingCause[] {
  const { to, workflow } = filter;
  const selected = runs.filter(
    (run) => (!to || formatRecipient(run.recipient) === to) && (!workflow || run.workflow === workflow),
  );
  return selected.flatMap((run): MissingCause[] => {
    const name = formatRecipient(run.recipient);
    if (run.steps.length === 0 && run.reason !== undefined) {
      const { code, detail } = run.reason;
      return [
        { subject: `${name} ${run.workflow}`, found: `stopped (${code}${detail === null ? "" : `: ${detail}`})` },
      ];
    }
    return run.steps
      .filter((step) => isRelevant(step, filter))
      .map((step) => ({
        subject: `${name} ${step.ref}`,
        found: `${describeStep(step)}${describeWait(step)}`,
        ...(run.recipient_run_id === null ? {} : { about: { recipient_run_id: run.recipient_run_id, step: step.ref } }),
      }));
  });
}
