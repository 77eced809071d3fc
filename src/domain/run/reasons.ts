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
  internal_error: "an error in knock itself prevented the run from continuing",
  worker_crashed: "several processes ended while they continued the run, five of them while they did nothing else",
  cancelled: "the run was canceled",
  finished: "the run had already ended",
} as const;

export type ReasonCode = keyof typeof REASONS;
