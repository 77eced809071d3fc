import type { Operator } from "../../domain/condition/condition.js";
import { evaluateOperator } from "../../domain/condition/evaluate-operator.js";
import type { DeliveryStatus, EngagementStatus } from "../../domain/message/message.js";

/** The messages that a step has created. Without messages or state, it was skipped, not reached, or is in another branch. */
export interface StepMessageState {
  messages: readonly {
    status: DeliveryStatus;
    engagement: readonly EngagementStatus[];
    /** Whether retention has removed the message, so that its status is unknown (E-128). */
    expired?: boolean;
  }[];
}

export interface MessageVariable {
  ref: string;
  attribute: "delivery_status" | "engagement_status" | "status";
}

/** Ranks of the delivery and engagement statuses in one order (E-124). `skipped` is the lowest (EQ-19). */
const RANKS: ReadonlyMap<unknown, number> = new Map(
  [
    ["skipped"],
    ["undelivered"],
    ["bounced"],
    ["delivery_attempted"],
    ["queued"],
    ["not_sent"],
    ["sent"],
    ["delivered"],
    ["seen"],
    ["read"],
    ["interacted", "link_clicked"],
    ["archived"],
  ].flatMap((statuses, rank) => statuses.map((status): [unknown, number] => [status, rank])),
);

const MESSAGE_PREFIX = "$message.";
const MESSAGE_VARIABLE = /^refs\.(.+)\.(delivery_status|engagement_status|status)$/;

/**
 * Parses `refs.<ref>.delivery_status`, `.engagement_status` or the deprecated `.status`. Undefined for other paths (E-121,
 * E-130).
 */
export function parseMessageVariable(variable: string): MessageVariable | undefined {
  const match = MESSAGE_VARIABLE.exec(variable);
  // The data that a wait step received can have its own `status` (E-132).
  if (!match || (match[1] as string).includes(".signal_variables")) return undefined;
  return { ref: match[1] as string, attribute: match[2] as MessageVariable["attribute"] };
}

/** Returns the value of a message variable: a status, or a list of statuses for `engagement_status`. */
export function getMessageStatusValue(
  attribute: MessageVariable["attribute"],
  state: StepMessageState | undefined,
): unknown {
  if (isExpired(state)) return "expired";
  const message = findHighestMessage(state);
  if (attribute === "engagement_status") return message?.engagement ?? [];
  return getStatusNames(attribute, message)[0];
}

/** Evaluates a condition on a step's message. The argument can have the prefix `$message.` (E-121 to E-130). */
export function evaluateMessageStatus(
  attribute: MessageVariable["attribute"],
  operator: Operator,
  argument: unknown,
  state: StepMessageState | undefined,
  now: number,
): boolean {
  if (isExpired(state)) return false;
  const expected =
    typeof argument === "string" && argument.startsWith(MESSAGE_PREFIX)
      ? argument.slice(MESSAGE_PREFIX.length)
      : argument;
  const message = findHighestMessage(state);
  if (attribute === "engagement_status") {
    const engagement = message?.engagement ?? [];
    return evaluateOperator(operator, [...engagement, ...deriveStatuses(engagement)], expected, now);
  }
  const names = getStatusNames(attribute, message);
  const order = compareRanks(names[0], expected);
  switch (operator) {
    case "equal_to":
      return names.includes(expected as string);
    case "not_equal_to":
      return !names.includes(expected as string);
    case "greater_than":
      return order !== undefined && order > 0;
    case "less_than":
      return order !== undefined && order < 0;
    case "greater_than_or_equal_to":
      return order !== undefined && order >= 0;
    case "less_than_or_equal_to":
      return order !== undefined && order <= 0;
    default:
      return evaluateOperator(operator, names[0], expected, now);
  }
}

type StepMessage = StepMessageState["messages"][number];

function isExpired(state: StepMessageState | undefined): boolean {
  return state?.messages.some((message) => message.expired === true) ?? false;
}

/** Returns the message with the highest rank, which decides if a step created several (E-125). */
function findHighestMessage(state: StepMessageState | undefined): StepMessage | undefined {
  let best: StepMessage | undefined;
  for (const message of state?.messages ?? []) {
    if (best === undefined || computeRank(message) > computeRank(best)) best = message;
  }
  return best;
}

function computeRank(message: StepMessage): number {
  return Math.max(getRank(message.status), ...message.engagement.map(getRank));
}

function getRank(status: unknown): number {
  return RANKS.get(status) ?? -1;
}

function compareRanks(current: unknown, expected: unknown): number | undefined {
  const [rank, expectedRank] = [RANKS.get(current), RANKS.get(expected)];
  return rank === undefined || expectedRank === undefined ? undefined : rank - expectedRank;
}

/** Returns the names of a message's status: several if it has more than one of the highest rank, and the derived statuses. */
function getStatusNames(attribute: "delivery_status" | "status", message: StepMessage | undefined): string[] {
  if (message === undefined) return ["skipped"];
  if (attribute === "delivery_status") return [message.status];
  const top = computeRank(message);
  const reached = [message.status, ...message.engagement].filter((status) => getRank(status) === top);
  return [...reached, ...deriveStatuses(message.engagement)];
}

/** Returns the statuses that follow from a missing engagement, such as `seen_not_read` (E-127). */
function deriveStatuses(engagement: readonly EngagementStatus[]): string[] {
  const derived: string[] = [];
  if (engagement.includes("seen") && !engagement.includes("read")) derived.push("seen_not_read");
  if (engagement.includes("read") && !engagement.includes("link_clicked")) derived.push("read_not_link_clicked");
  return derived;
}
