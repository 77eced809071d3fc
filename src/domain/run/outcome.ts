import type { JsonObject } from "../../util/json.js";
import type { DeliveryStatus } from "../message/message.js";
import type { RecipientReference } from "../recipient/recipient.js";
import type { RunStatus } from "./run-status.js";

/**
 * Every reason a step or a run can give, and what it means: the closed list that scripts may rely on.
 * The README's table is generated from it.
 */
export const REASONS = {
  condition: "a step, branch, channel or trigger condition was false",
  preference: "the recipient's preferences opt out of it",
  channel_not_configured: "the channel does not exist in this environment",
  missing_recipient_data: "the recipient lacks the address, number, token or connection the channel needs",
  trigger_frequency: "the workflow already ran for this recipient and runs only once",
  invalid_window: "the time to wait until is missing, malformed, too far or past",
  skip_delay: "the trigger asked to skip delays",
  batched: "the activity joined an open batch",
  empty_batch: "everything in the batch was cancelled",
  event_matched: "the awaited event came, and the step ends the run then",
  wait_expired: "no event matched in time, and the step ends the run then",
  throttled: "the throttle's limit was reached",
  render_error: "a template could not be rendered",
  trigger_depth: "workflows trigger each other in a ring, which is stopped",
  not_applicable: "the step is about a user or a tenant that the run does not have",
  fetch_error: "a fetch step failed",
  agent_error: "a model did not answer, or not as the step wants",
  delivery_error: "the provider refused the message",
  workflow_unavailable: "the workflow was deactivated, archived or deleted",
  recipient_deleted: "the recipient was deleted while the run waited",
  recipient_not_found: "the recipient was never identified",
  cancelled: "the run was cancelled",
  finished: "the run had already ended",
} as const;

export type ReasonCode = keyof typeof REASONS;

export interface Reason {
  code: ReasonCode;
  /** What decided it, in a few words, or null. */
  detail: string | null;
}

export type StepResult = "sent" | "queued" | "skipped" | "waiting" | "passed" | "halted" | "failed" | "cancelled";

/** What happened to one step of one run. Steps not reached are absent. */
export interface StepOutcome {
  ref: string;
  type: string;
  channel_type?: string;
  channel?: string | null;
  outcome: StepResult;
  reason: Reason | null;
  /** Of a channel step: its message, null where none was made. */
  message_id?: string | null;
  message_status?: DeliveryStatus | null;
  /** Every message, where a step made several (a push to two devices). */
  message_ids?: string[];
  /** Their statuses, in the same order. */
  message_statuses?: DeliveryStatus[];
  /** Of a waiting or queued step: when it goes on, ISO 8601, or null when it waits for an event. */
  until?: string | null;
  /** Of an in-app guide step: the guide that the user was added to (E-196). */
  guide?: string;
  /** Of a branch step: the branch taken. */
  branch?: string | null;
  /** Of a wait step that is over: whether the event came, and what that was; empty where it did not (E-343). */
  matched?: boolean;
  signal_variables?: JsonObject;
}

export interface RecipientOutcome {
  recipient: RecipientReference;
  recipient_run_id: string | null;
  status: RunStatus | null;
  steps: StepOutcome[];
  reason?: Reason;
  via?: { collection: string; id: string };
}

interface OutcomeSummary {
  recipients: number;
  messages: number;
  sent: number;
  skipped: number;
  waiting: number;
  failed: number;
  cancelled: number;
}

/** What `knock notify --json` prints. `recipients` is null where the target does not tell. */
export interface TriggerOutcome {
  workflow_run_id: string;
  workflow: string;
  target: "local" | "remote";
  cancellation_key: string | null;
  recipients: RecipientOutcome[] | null;
  summary: OutcomeSummary | null;
  /** True where an earlier response to the same idempotency key is returned (E-383). */
  replayed?: boolean;
}

interface CancelledRecipient {
  recipient: RecipientReference;
  recipient_run_id: string;
  outcome: "cancelled" | "not_cancellable";
  reason: Reason | null;
}

/** What `knock cancel --json` prints. */
export interface CancelOutcome {
  workflow: string;
  cancellation_key: string;
  target: "local" | "remote";
  recipients: CancelledRecipient[] | null;
  summary: { cancelled: number; not_cancellable: number } | null;
}

/** Returns the number of messages that a step created. */
export function countMessages({ message_id, message_ids }: StepOutcome): number {
  return message_ids?.length ?? (message_id ? 1 : 0);
}

/**
 * Counts the messages created in `messages`, and steps in the counters after it. A recipient that was never identified adds 1 to
 * `failed`.
 */
export function summarizeOutcomes(recipients: readonly RecipientOutcome[]): OutcomeSummary {
  const summary: OutcomeSummary = {
    recipients: recipients.length,
    messages: 0,
    sent: 0,
    skipped: 0,
    waiting: 0,
    failed: 0,
    cancelled: 0,
  };
  for (const { steps, reason } of recipients) {
    if (reason?.code === "recipient_not_found") summary.failed++;
    for (const step of steps) {
      summary.messages += countMessages(step);
      if (step.outcome === "sent") summary.sent++;
      else if (step.outcome === "skipped") summary.skipped++;
      else if (step.outcome === "waiting" || step.outcome === "queued") summary.waiting++;
      else if (step.outcome === "failed") summary.failed++;
      else if (step.outcome === "cancelled") summary.cancelled++;
    }
  }
  return summary;
}
