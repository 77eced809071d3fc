import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";
import type { ChannelType } from "./channel-types.js";

export const DELIVERY_STATUSES = [
  "undelivered",
  "bounced",
  "delivery_attempted",
  "queued",
  "not_sent",
  "sent",
  "delivered",
] as const;
/** The delivery status. A message has exactly one (E-203). */
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/**
 * The label for the API's `not_sent`, which only a sandbox sets (CH-040). Users can also type it. JSON contains
 * `not_sent`.
 */
export const SANDBOXED = "sandboxed";

/** Returns the label for a delivery status. */
export function formatDeliveryStatus<T>(status: T): T | typeof SANDBOXED {
  return status === "not_sent" ? SANDBOXED : status;
}

export const ENGAGEMENT_STATUSES = ["seen", "read", "interacted", "link_clicked", "archived"] as const;
export type EngagementStatus = (typeof ENGAGEMENT_STATUSES)[number];

export const ENGAGEMENT_ACTIONS = [
  "seen",
  "unseen",
  "read",
  "unread",
  "interacted",
  "link_clicked",
  "archived",
  "unarchived",
] as const;
export type EngagementAction = (typeof ENGAGEMENT_ACTIONS)[number];

/** An event of a message. Its type lacks the `message.` of the API's event types (E-229). */
export interface MessageEvent {
  type: DeliveryStatus | EngagementAction | "created";
  at: number;
  data: JsonObject | null;
}

/** One notification on one channel. Times are milliseconds since 1970. */
export interface Message {
  /** A KSUID. */
  id: string;
  workflow_run_id: string;
  recipient_run_id: string;
  recipient: RecipientKey;
  actor: RecipientKey | null;
  /** Absent if the run has no batch. Then its actor is the only one. */
  batch?: MessageBatch;
  /** The key of the message's workflow, guide or broadcast. */
  workflow: string;
  /**
   * Absent for the message of a workflow. The message of a guide has no run; a guide origin takes its place (E-196).
   */
  source?: "guide" | "broadcast";
  version_id: string;
  categories: string[];
  step_ref: string;
  tenant: string | null;
  channel: MessageChannel;
  status: DeliveryStatus;
  /** The `data` of the API's content document, by channel type. */
  content: JsonObject;
  /** The trigger data merged with the data that steps added (E-218). */
  data: JsonObject;
  /** The destination that was used (E-220). */
  recipient_snapshot: JsonObject | null;
  metadata: JsonObject | null;
  /**
   * Values that the delivery needs and the content must not show, such as a token or webhook from a template, or a
   * signing key. They are stored separately, until the message has been sent.
   */
  secrets?: JsonObject;
  /** The targets of the tracked links in the content, by their number. Absent if nothing is tracked (T-234). */
  links?: string[];
  /** The time until which a send window holds the message, or null (E-198). */
  scheduled_at: number | null;
  /** The time of the next delivery attempt; null once delivery has ended. */
  due_at: number | null;
  attempts: number;
  seen_at: number | null;
  read_at: number | null;
  interacted_at: number | null;
  link_clicked_at: number | null;
  archived_at: number | null;
  events: MessageEvent[];
  inserted_at: number;
  updated_at: number;
}

/** Limits the actors that a message names (E-219). */
export const MAX_MESSAGE_ACTORS = 10;

/** The activities of the batch before a message (E-219, A-498). */
export interface MessageBatch {
  /** The first actors of the rendered activities, at most {@link MAX_MESSAGE_ACTORS}. */
  actors: RecipientKey[];
  total_actors: number;
  total_activities: number;
}

/** Returns a batch in which an actor is named `into`, after it was merged into that user (E-414). */
export function renameActor(batch: MessageBatch, from: RecipientKey, into: RecipientKey): MessageBatch {
  const actors = [...new Set(batch.actors.map((actor) => (actor === from ? into : actor)))];
  return { ...batch, actors, total_actors: batch.total_actors - (batch.actors.length - actors.length) };
}

export function getActors({ batch, actor }: Pick<Message, "actor" | "batch">): RecipientKey[] {
  if (batch) return batch.actors;
  return actor === null ? [] : [actor];
}

export interface MessageChannel {
  id: string;
  key: string;
  type: ChannelType;
  provider: string;
}

/** The fields of a message that conditions on its state read. */
export type MessageStatuses = Pick<Message, "step_ref" | "status" | `${EngagementStatus}_at`>;

export function getEngagementStatuses(message: Pick<Message, `${EngagementStatus}_at`>): EngagementStatus[] {
  return ENGAGEMENT_STATUSES.filter((status) => message[`${status}_at`] !== null);
}
