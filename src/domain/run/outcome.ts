import type { JsonObject } from "../../util/json.js";
import type { DeliveryStatus } from "../message/message.js";
import type { RecipientReference } from "../recipient/recipient.js";
import type { RunStatus } from "./run-status.js";

/**
 * All reasons of steps and runs, with their meaning. Scripts may rely on this closed list. Pages, messages and
 * JSON Schemas use it; `reason-checks.ts` says how to find the cause of each one.
 */
export const REASONS = {
  condition: "a step, branch, channel or trigger condition was false",
  preference: "the recipient's preferences prevented sending",
  channel_not_configured: "the channel is not configured in this environment",
  missing_recipient_data: "the recipient has no address, number, token or connection for the channel",
  trigger_frequency: "the workflow already ran for this recipient and runs only once",
  invalid_window: "the end of the wait is missing, invalid, too far away or in the past",
  skip_delay: "the settings of the trigger skip delays",
  batched: "the activity joined an open batch",
  empty_batch: "all activities of the batch were canceled",
  event_matched: "a matching event occurred, and the step then ends the run",
  wait_expired: "no matching event occurred in time, and the step then ends the run",
  throttled: "the throttle's limit was reached",
  render_error: "a template could not be rendered",
  trigger_depth: "workflows trigger each other in a loop, which was stopped",
  not_applicable: "the step needs a user or a tenant that the run does not have",
  fetch_error: "a fetch step failed",
  agent_error: "the model did not respond, or its response was invalid",
  delivery_error: "the provider rejected the message",
  workflow_unavailable: "the workflow was deactivated, archived or deleted",
  recipient_deleted: "the recipient was deleted while the run waited",
  recipient_not_found: "the recipient was never identified",
  cancelled: "the run was canceled",
  finished: "the run had already ended",
} as const;

export type ReasonCode = keyof typeof REASONS;

export interface Reason {
  code: ReasonCode;
  /** A few words about the cause, or null. */
  detail: string | null;
}

export type StepResult = "sent" | "queued" | "skipped" | "waiting" | "passed" | "halted" | "failed" | "cancelled";

/** The outcome of one step of one run. Steps that were not reached are absent. */
export interface StepOutcome {
  ref: string;
  type: string;
  channel_type?: string;
  channel?: string | null;
  outcome: StepResult;
  reason: Reason | null;
  /** For a channel step: the ID of its message, or null. */
  message_id?: string | null;
  message_status?: DeliveryStatus | null;
  /** The IDs of all messages if a step created several, such as a push to two devices. */
  message_ids?: string[];
  /** The statuses of these messages, in the same order. */
  message_statuses?: DeliveryStatus[];
  /** For a waiting or queued step: when it continues, in ISO 8601; null if it waits for an event. */
  until?: string | null;
  /** For an in-app guide step: the guide that the user was added to (E-196). */
  guide?: string;
  /** For a branch step: the branch that was taken. */
  branch?: string | null;
  /**
   * For a wait step that is over: whether the event occurred, and its content, which is empty if it did not (E-343).
   */
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

/** The output of `knock notify --json`. `recipients` is null if the target does not report them. */
export interface TriggerOutcome {
  workflow_run_id: string;
  workflow: string;
  target: "local" | "remote";
  cancellation_key: string | null;
  recipients: RecipientOutcome[] | null;
  summary: OutcomeSummary | null;
  /** True if this is an earlier response to the same idempotency key (E-383). */
  replayed?: boolean;
}

interface CancelledRecipient {
  recipient: RecipientReference;
  recipient_run_id: string;
  outcome: "cancelled" | "not_cancellable";
  reason: Reason | null;
}

/** The output of `knock cancel --json`. */
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
 * Returns the totals of outcomes: `messages` counts messages, and the fields after it count steps. A recipient that was
 * never identified adds 1 to `failed`.
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
