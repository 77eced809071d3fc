import { formatRecipient, type RecipientKey } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { DraftStep } from "./draft-scenario.js";
import type { SimulatedStep } from "./simulate-scenario.js";
import type { RecipientNames } from "./write-recipients.js";

/** The outcomes of the steps of a run. */
export interface RecordedRun {
  /** The name of its trigger in the history. */
  trigger: string;
  recipient: RecipientKey;
  steps: readonly StepOutcome[];
}

const describeOutcome = ({ outcome, reason }: StepOutcome): string =>
  reason === null ? outcome : `${outcome} (${reason.code})`;

/** Returns a sentence for each recipient whose run went another way in the scenario than it did. */
export function describeDeviations(
  recorded: readonly RecordedRun[],
  steps: readonly DraftStep[],
  effects: readonly SimulatedStep[],
  names: RecipientNames,
): string[] {
  const started = new Map(
    steps.flatMap(({ triggers }, at) => triggers.map((name, nth) => [name, effects[at]?.started[nth] ?? []] as const)),
  );
  const states = new Map(
    effects.flatMap(({ outcomes }) => outcomes.map((run) => [run.recipient_run_id, run.steps] as const)),
  );
  return recorded.flatMap(({ trigger, recipient, steps: own }) => {
    const name = names.toName(recipient);
    const run = started.get(trigger)?.find((candidate) => formatRecipient(candidate.recipient) === name);
    const now = run && states.get(run.recipient_run_id);
    if (now === undefined) return [];
    const differs = (step: StepOutcome, at: number): boolean => {
      const other = now[at];
      return other?.ref !== step.ref || other.outcome !== step.outcome || other.reason?.code !== step.reason?.code;
    };
    const at = own.findIndex(differs);
    const step = own[at];
    if (step === undefined) return [];
    const other = now.find(({ ref }) => ref === step.ref);
    return [
      `In the run of ${name}, ${step.ref} was ${describeOutcome(step)}. Here it is ${other === undefined ? "not reached" : describeOutcome(other)}. The recipients, the environment or the files may have changed since.`,
    ];
  });
}
