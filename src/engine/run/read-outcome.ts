import type { Message } from "../../domain/message/message.js";
import type { TriggerOutcome } from "../../domain/run/outcome.js";
import type { RecipientRun } from "../../domain/run/workflow-run.js";
import type { MessageStore } from "../../ports/message-store.js";
import type { RunStore } from "../../ports/run-store.js";
import type { EngineContext } from "../context/engine-context.js";
import { buildTriggerOutcome } from "./build-trigger-outcome.js";

/** The messages that runs' steps name. */
export async function readRunMessages(
  context: EngineContext<MessageStore>,
  runs: readonly RecipientRun[],
): Promise<Message[]> {
  const ids = runs.flatMap((run) =>
    run.steps.flatMap((step) => step.message_ids ?? (step.message_id ? [step.message_id] : [])),
  );
  return ids.length === 0 ? [] : context.store.readMessages(ids);
}

/** What has become of a trigger so far; null if there is none of that id. */
export async function readOutcome(
  context: EngineContext<MessageStore & RunStore>,
  workflowRunId: string,
): Promise<TriggerOutcome | null> {
  const stored = await context.store.readWorkflowRun(workflowRunId);
  if (stored === null) return null;
  const messages = await readRunMessages(context, stored.recipientRuns);
  return buildTriggerOutcome(stored.run, stored.recipientRuns, stored.unidentified, messages);
}
