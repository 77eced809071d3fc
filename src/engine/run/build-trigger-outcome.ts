import { type RecipientKey, splitRecipientKey, toRecipientReference } from "../../domain/recipient/recipient.js";
import {
  FAILED_DELIVERY_STATUSES,
  type RecipientOutcome,
  type StepOutcome,
  summarizeOutcomes,
  type TriggerOutcome,
} from "../../domain/run/outcome.js";
import type { WorkflowRun } from "../../domain/run/workflow-run.js";
import type { OutcomeMessage, OutcomeRun } from "../../ports/run-store.js";
import { toIsoTime } from "../../util/iso-time.js";

/** Returns a channel step's outcome with the current status of its messages. */
function addMessageStatus(step: StepOutcome, messages: ReadonlyMap<string, OutcomeMessage>): StepOutcome {
  if (!step.message_id) return step;
  const only = step.message_ids ? undefined : messages.get(step.message_id);
  const own = only ? [only] : (step.message_ids ?? []).flatMap((id) => messages.get(id) ?? []);
  const [first] = own;
  if (first === undefined) return step;
  const current: StepOutcome = { ...step };
  current.message_status = first.status;
  if (own.length > 1) current.message_statuses = own.map(({ status }) => status);
  const queued = own.find(
    (message) => message.status === "queued" && message.due_at !== null && message.due_at > message.inserted_at,
  );
  if (own.every((message) => FAILED_DELIVERY_STATUSES.includes(message.status))) {
    const detail = first.events.findLast((event) => event.type === first.status)?.data?.failure_details;
    return {
      ...current,
      outcome: "failed",
      reason: { code: "delivery_error", detail: typeof detail === "string" ? detail : null },
    };
  }
  if (queued) return { ...current, outcome: "queued", until: toIsoTime(queued.due_at as number) };
  return current;
}

export function buildRecipientOutcome(
  run: OutcomeRun,
  messages: ReadonlyMap<string, OutcomeMessage>,
): RecipientOutcome {
  const outcome: RecipientOutcome = {
    recipient: toRecipientReference(run.recipient),
    recipient_run_id: run.id,
    status: run.status,
    steps: run.steps.map((step) => addMessageStatus(step, messages)),
  };
  if (run.reason) outcome.reason = run.reason;
  if (run.via) outcome.via = splitRecipientKey(run.via.object);
  return outcome;
}

/** Builds the outcome document from the rows of a trigger. */
export function buildTriggerOutcome(
  run: WorkflowRun,
  recipientRuns: readonly OutcomeRun[],
  unidentified: readonly RecipientKey[],
  messages: readonly OutcomeMessage[],
): TriggerOutcome {
  return joinOutcomes(run, buildRecipientOutcomes(recipientRuns, messages), unidentified);
}

/** Builds the outcomes of runs. `messages` contains all messages of these runs. */
export function buildRecipientOutcomes(
  runs: readonly OutcomeRun[],
  messages: readonly OutcomeMessage[],
): RecipientOutcome[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  return runs.map((run) => buildRecipientOutcome(run, byId));
}

/** Builds the outcome document from the outcomes of all runs. */
export function joinOutcomes(
  run: WorkflowRun,
  outcomes: readonly RecipientOutcome[],
  unidentified: readonly RecipientKey[],
): TriggerOutcome {
  const recipients: RecipientOutcome[] = [
    ...outcomes,
    ...unidentified.map(
      (key): RecipientOutcome => ({
        recipient: toRecipientReference(key),
        recipient_run_id: null,
        status: null,
        steps: [],
        reason: { code: "recipient_not_found", detail: null },
      }),
    ),
  ];
  return {
    workflow_run_id: run.id,
    workflow: run.workflow,
    target: "local",
    cancellation_key: run.cancellation_key,
    recipients,
    summary: summarizeOutcomes(recipients),
  };
}
