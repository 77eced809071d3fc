import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { DELIVERY_STATUSES, type DeliveryStatus } from "../message/message.js";
import type { RecipientReference } from "../recipient/recipient.js";
import type { RecipientOutcome, StepOutcome } from "./outcome.js";

/** Builds step outcomes from messages of the API, for targets that only list messages. */

const toText = (value: Json | undefined): string | null => (typeof value === "string" && value !== "" ? value : null);

/**
 * Returns messages by the ref of their step, in the given order. A message without a step is grouped by its channel's
 * key.
 */
export function groupMessagesByStep(messages: readonly JsonObject[]): Map<string, JsonObject[]> {
  const byStep = new Map<string, JsonObject[]>();
  for (const message of messages) {
    const ref = getStepRef(message);
    const known = byStep.get(ref);
    if (known) known.push(message);
    else byStep.set(ref, [message]);
  }
  return byStep;
}

/**
 * Returns messages as outcomes of their recipient runs: the steps that created a message, with its state. The status of
 * a run is not known from its messages.
 */
export function buildOutcomes(messages: readonly JsonObject[]): RecipientOutcome[] {
  const byRun = new Map<string, JsonObject[]>();
  for (const message of messages) {
    const run = findRecipientRunId(message) ?? JSON.stringify(message.recipient);
    const known = byRun.get(run);
    if (known) known.push(message);
    else byRun.set(run, [message]);
  }
  return [...byRun.values()].map((runMessages) => ({
    recipient: parseRecipientReference(runMessages[0]?.recipient),
    recipient_run_id: runMessages[0] === undefined ? null : findRecipientRunId(runMessages[0]),
    status: null,
    steps: [...groupMessagesByStep(runMessages)].map(([ref, own]) => buildChannelOutcome(ref, null, [], own)),
  }));
}

/** Returns the outcome of a channel step from its messages. `ids` are their known IDs, in order. */
export function buildChannelOutcome(
  ref: string,
  type: string | null,
  ids: string[],
  unordered: JsonObject[],
): StepOutcome {
  const stepMessages = unordered.toSorted((a, b) => ids.indexOf(String(a.id)) - ids.indexOf(String(b.id)));
  const message_ids = [...new Set([...stepMessages.map(({ id }) => String(id)), ...ids])];
  const statuses = stepMessages.map(findDeliveryStatus);
  const known = statuses.filter((status) => status !== null);
  const channel = stepMessages.map((message) => message.channel).find(isJsonObject) ?? {};
  const channel_type = toText(channel.type) ?? type;
  const held = stepMessages.find((message) => message.status === "queued" && toText(message.scheduled_at) !== null);
  const { outcome, reason } = resolveOutcome(statuses, held !== undefined);
  return {
    ref,
    type: "channel",
    ...(channel_type === null ? {} : { channel_type }),
    ...(stepMessages.length === 0 ? {} : { channel: toText(channel.key) }),
    outcome,
    reason,
    message_id: message_ids[0] ?? null,
    ...(statuses[0] === undefined || statuses[0] === null ? {} : { message_status: statuses[0] }),
    ...(message_ids.length > 1 ? { message_ids } : {}),
    ...(message_ids.length > 1 && known.length === message_ids.length ? { message_statuses: known } : {}),
    ...(outcome === "queued" ? { until: toText(held?.scheduled_at) } : {}),
  };
}

/**
 * Returns the outcome that the embedded engine would report: failed if every message was rejected, queued if one waits
 * for a send window.
 */
function resolveOutcome(statuses: (DeliveryStatus | null)[], held: boolean): Pick<StepOutcome, "outcome" | "reason"> {
  const refused = statuses.length > 0 && statuses.every((status) => status === "undelivered" || status === "bounced");
  if (refused) return { outcome: "failed", reason: { code: "delivery_error", detail: null } };
  return { outcome: held ? "queued" : "sent", reason: null };
}

function findDeliveryStatus(message: JsonObject): DeliveryStatus | null {
  return DELIVERY_STATUSES.find((status) => status === message.status) ?? null;
}

function getStepRef(message: JsonObject): string {
  const source = isJsonObject(message.source) ? toText(message.source.step_ref) : null;
  const channel = isJsonObject(message.channel) ? toText(message.channel.key) : null;
  return source ?? channel ?? "unknown";
}

/** Returns the recipient that a reference in the API's format identifies. */
export function parseRecipientReference(value: Json | undefined): RecipientReference {
  if (!isJsonObject(value)) return typeof value === "string" ? value : "";
  const [id, collection] = [toText(value.id) ?? "", toText(value.collection)];
  return collection === null ? id : { id, collection };
}

/** Returns the ID of the recipient run that created a message, or null. */
export function findRecipientRunId(message: JsonObject): string | null {
  return isJsonObject(message.source) ? toText(message.source.workflow_recipient_run_id) : null;
}
