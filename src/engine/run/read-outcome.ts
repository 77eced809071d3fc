import type { Message } from "../../domain/message/message.js";
import type { TriggerOutcome } from "../../domain/run/outcome.js";
import type { RecipientRun } from "../../domain/run/workflow-run.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { RunStore } from "../../ports/run-store.js";
import type { EngineContext } from "../context/engine-context.js";
import { buildTriggerOutcome } from "./build-trigger-outcome.js";

/** Returns the messages that the steps of runs refer to. */
export async function readRunMessages(
  context: EngineContext<MessageStore>,
  runs: readonly RecipientRun[],
): Promise<Message[]> {
  const ids = runs.flatMap((run) =>
    run.steps.flatMap((step) => step.message_ids ?? (step.message_id ? [step.message_id] : [])),
  );
  return ids.length === 0 ? [] : context.store.readMessages(ids);
}

/** Returns the current outcome of a trigger, or null if the id is unknown. */
export async function readOutcome(
  context: EngineContext<MessageStore & RunStore>,
  workflowRunId: string,
): Promise<TriggerOutcome | null> {
  const stored = await context.store.readWorkflowRun(workflowRunId);
  if (stored === null) return null;
  const messages = await readRunMessages(context, stored.recipientRuns);
  return buildTriggerOutcome(stored.run, stored.recipientRuns, stored.unidentified, messages);
}
