import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { DELIVERY_STATUSES, type DeliveryStatus } from "../message/message.js";
import type { RecipientReference } from "../recipient/recipient.js";
import type { RecipientOutcome, StepOutcome } from "./outcome.js";

/** Derives step outcomes from the API's messages, where only a list of messages is available. */

const text = (value: Json | undefined): string | null => (typeof value === "string" && value !== "" ? value : null);

/** Returns messages by the ref of their step, in the order given; by the channel's key where a message names no step. */
export function messagesByStep(messages: readonly JsonObject[]): Map<string, JsonObject[]> {
  const byStep = new Map<string, JsonObject[]>();
  for (const message of messages) {
    const ref = stepRefOf(message);
    const known = byStep.get(ref);
    if (known) known.push(message);
    else byStep.set(ref, [message]);
  }
  return byStep;
}

/**
 * Returns messages as outcomes of their recipient runs: the steps that created a message, and what became of it. A run's status is
 * not known from its messages.
 */
export function outcomesOfMessages(messages: readonly JsonObject[]): RecipientOutcome[] {
  const byRun = new Map<string, JsonObject[]>();
  for (const message of messages) {
    const run = runIdOf(message) ?? JSON.stringify(message.recipient);
    const known = byRun.get(run);
    if (known) known.push(message);
    else byRun.set(run, [message]);
  }
  return [...byRun.values()].map((made) => ({
    recipient: recipientOf(made[0]?.recipient),
    recipient_run_id: made[0] === undefined ? null : runIdOf(made[0]),
    status: null,
    steps: [...messagesByStep(made)].map(([ref, own]) => channelOutcome(ref, null, [], own)),
  }));
}

/** Returns the outcome of a channel step from its messages. `ids` are those that are known of them, in order. */
export function channelOutcome(ref: string, type: string | null, ids: string[], unordered: JsonObject[]): StepOutcome {
  const made = unordered.toSorted((a, b) => ids.indexOf(a.id as string) - ids.indexOf(b.id as string));
  const message_ids = [...new Set([...made.map(({ id }) => id as string), ...ids])];
  const statuses = made.map(statusOf);
  const known = statuses.filter((status) => status !== null);
  const channel = made.map((message) => message.channel).find(isJsonObject) ?? {};
  const channel_type = text(channel.type) ?? type;
  const held = made.find((message) => message.status === "queued" && text(message.scheduled_at) !== null);
  const { outcome, reason } = resultOf(statuses, held !== undefined);
  return {
    ref,
    type: "channel",
    ...(channel_type === null ? {} : { channel_type }),
    ...(made.length === 0 ? {} : { channel: text(channel.key) }),
    outcome,
    reason,
    message_id: message_ids[0] ?? null,
    ...(statuses[0] === undefined || statuses[0] === null ? {} : { message_status: statuses[0] }),
    ...(message_ids.length > 1 ? { message_ids } : {}),
    ...(message_ids.length > 1 && known.length === message_ids.length ? { message_statuses: known } : {}),
    ...(outcome === "queued" ? { until: text(held?.scheduled_at) } : {}),
  };
}

/** As the embedded engine has it: failed where every message was refused, queued where a send window holds one. */
function resultOf(statuses: (DeliveryStatus | null)[], held: boolean): Pick<StepOutcome, "outcome" | "reason"> {
  const refused = statuses.length > 0 && statuses.every((status) => status === "undelivered" || status === "bounced");
  if (refused) return { outcome: "failed", reason: { code: "delivery_error", detail: null } };
  return { outcome: held ? "queued" : "sent", reason: null };
}

function statusOf(message: JsonObject): DeliveryStatus | null {
  return DELIVERY_STATUSES.find((status) => status === message.status) ?? null;
}

function stepRefOf(message: JsonObject): string {
  const source = isJsonObject(message.source) ? text(message.source.step_ref) : null;
  const channel = isJsonObject(message.channel) ? text(message.channel.key) : null;
  return source ?? channel ?? "unknown";
}

/** Returns who a reference in the API's format names. */
export function recipientOf(value: Json | undefined): RecipientReference {
  if (!isJsonObject(value)) return typeof value === "string" ? value : "";
  const [id, collection] = [text(value.id) ?? "", text(value.collection)];
  return collection === null ? id : { id, collection };
}

/** The recipient run a message came from, or null. */
export function runIdOf(message: JsonObject): string | null {
  return isJsonObject(message.source) ? text(message.source.workflow_recipient_run_id) : null;
}
