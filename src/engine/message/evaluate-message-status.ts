import type { Operator } from "../../domain/condition/condition.js";
import { evaluateOperator } from "../../domain/condition/evaluate-operator.js";
import type { DeliveryStatus, EngagementStatus } from "../../domain/message/message.js";

/** The messages a step made so far. None, or no state at all: it was skipped, not reached, or lies in another branch. */
export interface StepMessageState {
  messages: readonly {
    status: DeliveryStatus;
    engagement: readonly EngagementStatus[];
    /** Gone by retention: nothing is known of it any more (E-128). */
    expired?: boolean;
  }[];
}

export interface MessageVariable {
  ref: string;
  attribute: "delivery_status" | "engagement_status" | "status";
}

/** The combined order, low to high (E-124); "skipped" is below everything (EQ-19). */
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

/** `refs.<ref>.delivery_status`, `.engagement_status` or the old `.status` (E-121, E-130); undefined for other paths. */
export function parseMessageVariable(variable: string): MessageVariable | undefined {
  const match = MESSAGE_VARIABLE.exec(variable);
  // What a wait step caught may well have a `status` of its own (E-132).
  if (!match || (match[1] as string).includes(".signal_variables")) return undefined;
  return { ref: match[1] as string, attribute: match[2] as MessageVariable["attribute"] };
}

/** What such a variable holds: a status, or for `engagement_status` the list of them. */
export function getMessageStatusValue(
  attribute: MessageVariable["attribute"],
  state: StepMessageState | undefined,
): unknown {
  if (isExpired(state)) return "expired";
  const message = findHighestMessage(state);
  if (attribute === "engagement_status") return message?.engagement ?? [];
  return getStatusNames(attribute, message)[0];
}

/** One condition on a step's message (E-121 to E-130). `argument` with or without its `$message.`. */
export function evaluateMessageStatus(
  attribute: MessageVariable["attribute"],
  operator: Operator,
  argument: unknown,
  state: StepMessageState | undefined,
  now: number,
): boolean {
  if (isExpired(state)) return false;
  const wanted =
    typeof argument === "string" && argument.startsWith(MESSAGE_PREFIX)
      ? argument.slice(MESSAGE_PREFIX.length)
      : argument;
  const message = findHighestMessage(state);
  if (attribute === "engagement_status") {
    const engagement = message?.engagement ?? [];
    return evaluateOperator(operator, [...engagement, ...deriveStatuses(engagement)], wanted, now);
  }
  const names = getStatusNames(attribute, message);
  const order = compareRanks(names[0], wanted);
  switch (operator) {
    case "equal_to":
      return names.includes(wanted as string);
    case "not_equal_to":
      return !names.includes(wanted as string);
    case "greater_than":
      return order !== undefined && order > 0;
    case "less_than":
      return order !== undefined && order < 0;
    case "greater_than_or_equal_to":
      return order !== undefined && order >= 0;
    case "less_than_or_equal_to":
      return order !== undefined && order <= 0;
    default:
      return evaluateOperator(operator, names[0], wanted, now);
  }
}

type StepMessage = StepMessageState["messages"][number];

function isExpired(state: StepMessageState | undefined): boolean {
  return state?.messages.some((message) => message.expired === true) ?? false;
}

/** Of several messages the one furthest along counts (E-125). */
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

function compareRanks(current: unknown, wanted: unknown): number | undefined {
  const [rank, wantedRank] = [RANKS.get(current), RANKS.get(wanted)];
  return rank === undefined || wantedRank === undefined ? undefined : rank - wantedRank;
}

/** The names a message's status answers to; two where `interacted` and `link_clicked` share the top. */
function getStatusNames(attribute: "delivery_status" | "status", message: StepMessage | undefined): string[] {
  if (message === undefined) return ["skipped"];
  if (attribute === "delivery_status") return [message.status];
  const top = computeRank(message);
  const reached = [message.status, ...message.engagement].filter((status) => getRank(status) === top);
  return [...reached, ...deriveStatuses(message.engagement)];
}

/** E-127. */
function deriveStatuses(engagement: readonly EngagementStatus[]): string[] {
  const derived: string[] = [];
  if (engagement.includes("seen") && !engagement.includes("read")) derived.push("seen_not_read");
  if (engagement.includes("read") && !engagement.includes("link_clicked")) derived.push("read_not_link_clicked");
  return derived;
}
