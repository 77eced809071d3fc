import type { ReasonCode } from "../../domain/run/reasons.js";

/** Every rule that can decide whether a message is sent, with its name in text, in the order in which the engine checks them. */
export const RULES = {
  recipient: "recipient",
  active: "active workflow",
  trigger_depth: "depth of triggers",
  trigger_conditions: "trigger conditions",
  trigger_frequency: "trigger frequency",
  cancellation: "cancellation",
  throttle: "throttle",
  wait: "delay or wait",
  batch: "batch",
  request: "request of a step",
  channel_configuration: "channel",
  step_conditions: "step conditions",
  channel_conditions: "channel conditions",
  recipient_data: "recipient's data",
  preferences: "preferences",
  send_window: "send window",
  template: "template",
  guard: "recipient guard",
  delivery: "delivery",
  engine: "error in knock",
} as const;

export type RuleName = keyof typeof RULES;

/** The rule of each reason. A condition belongs to the trigger, the step or the channel. */
export const RULE_BY_REASON: Readonly<Record<Exclude<ReasonCode, "condition">, RuleName>> = {
  preference: "preferences",
  channel_not_configured: "channel_configuration",
  missing_recipient_data: "recipient_data",
  trigger_frequency: "trigger_frequency",
  invalid_window: "wait",
  skip_delay: "wait",
  batched: "batch",
  empty_batch: "batch",
  event_matched: "wait",
  wait_expired: "wait",
  throttled: "throttle",
  render_error: "template",
  trigger_depth: "trigger_depth",
  not_applicable: "recipient",
  fetch_error: "request",
  agent_error: "request",
  delivery_error: "delivery",
  workflow_unavailable: "active",
  recipient_deleted: "recipient",
  recipient_not_found: "recipient",
  internal_error: "engine",
  worker_crashed: "engine",
  cancelled: "cancellation",
  finished: "cancellation",
};
