import type { Message } from "../../domain/message/message.js";
import type { RecipientOutcome, TriggerOutcome } from "../../domain/run/outcome.js";
import type { RecipientRun } from "../../domain/run/workflow-run.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { RunStore } from "../../ports/run-store.js";
import type { EngineContext } from "../context/engine-context.js";
import { buildRecipientOutcomes, joinOutcomes } from "./build-trigger-outcome.js";

/** The runs that are read at once. More would only take more memory. */
const RUNS_PER_READ = 500;

/** Returns the messages that the steps of a run refer to. */
export async function readRunMessages(
  context: EngineContext<MessageStore>,
  { steps }: RecipientRun,
): Promise<Message[]> {
  const ids = steps.flatMap((step) => step.message_ids ?? (step.message_id ? [step.message_id] : []));
  return ids.length === 0 ? [] : context.store.readMessages(ids);
}

/** Returns the current outcome of a trigger, or null if the id is unknown. */
export async function readOutcome(
  { store }: EngineContext<RunStore>,
  workflowRunId: string,
): Promise<TriggerOutcome | null> {
  const stored = await store.readWorkflowRun(workflowRunId);
  if (stored === null) return null;
  const outcomes: RecipientOutcome[] = [];
  for (let after: number | null = null; ; ) {
    const { runs, messages, next } = await store.readOutcomeRuns(workflowRunId, after, RUNS_PER_READ);
    for (const outcome of buildRecipientOutcomes(runs, messages)) outcomes.push(outcome);
    if (next === null) return joinOutcomes(stored.run, outcomes, stored.unidentified);
    after = next;
  }
}
