import type { SentMessage } from "../../comparison/recorded-history.js";
import { formatRecipient, type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { formatCount } from "../../util/format-count.js";
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
  const states = new Map(effects.at(-1)?.after.map((run) => [run.recipient_run_id, run.steps]));
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

/** Counts messages by their recipient and step. */
function countMessages(messages: readonly { to: string; step: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { to, step } of messages) {
    const key = `${step} to ${to}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Returns a sentence for each step and recipient with another number of messages than in the run. */
export function describeMessageDeviations(
  recorded: readonly SentMessage[],
  effects: readonly SimulatedStep[],
  names: RecipientNames,
): string[] {
  const before = countMessages(
    recorded.map(({ recipient, step }) => ({ to: names.toName(toRecipientKey(recipient)), step })),
  );
  const workflows = new Set(recorded.map(({ workflow }) => workflow));
  const sent = effects.flatMap(({ messages }) => messages.map(({ message }) => message));
  const after = countMessages(sent.filter(({ workflow }) => workflows.has(workflow)));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => {
      const [was, is] = [before.get(key) ?? 0, after.get(key) ?? 0];
      return `The run sent ${formatCount(was, "message")} by ${key}. Here it is ${is}. The recipients, the environment or the files may have changed since.`;
    });
}
