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
/** Exactly one per message (E-203). */
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** The word that people read and type for the API's `not_sent`, which only a sandbox gives a message (CH-040). JSON keeps `not_sent`. */
export const SANDBOXED = "sandboxed";

/** Returns the word that people read for a delivery status. */
export function formatDeliveryStatus(status: string): string {
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

/** A change in a message's life, without the `message.` of the API's event types (E-229). */
export interface MessageEvent {
  type: DeliveryStatus | EngagementAction | "created";
  at: number;
  data: JsonObject | null;
}

/** One notification on one channel. Times are milliseconds since 1970. */
export interface Message {
  /** KSUID. */
  id: string;
  workflow_run_id: string;
  recipient_run_id: string;
  recipient: RecipientKey;
  actor: RecipientKey | null;
  /** Absent where the run came from no batch: then its actor is the only one. */
  batch?: MessageBatch;
  /** The key of its workflow, of its guide or of its broadcast. */
  workflow: string;
  /** Absent for a workflow's message. A guide's has no run: what stands for one is the store's own (E-196). */
  source?: "guide" | "broadcast";
  version_id: string;
  categories: string[];
  step_ref: string;
  tenant: string | null;
  channel: MessageChannel;
  status: DeliveryStatus;
  /** The API's content document's `data`, by channel type. */
  content: JsonObject;
  /** Trigger data merged with what steps added (E-218). */
  data: JsonObject;
  /** The destination used (E-220). */
  recipient_snapshot: JsonObject | null;
  metadata: JsonObject | null;
  /**
   * What its delivery needs and its content must not show: a token or a webhook that a template gave, a signing key. Kept apart,
   * and only until it has been sent.
   */
  secrets?: JsonObject;
  /** Where tracked links of its content lead, by their number; absent where nothing is tracked (T-234). */
  links?: string[];
  /** Held until then by a send window (E-198). */
  scheduled_at: number | null;
  /** When the next delivery attempt is due; null once delivery has ended. */
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

/** Most actors that a message names (E-219). */
export const MAX_MESSAGE_ACTORS = 10;

/** Whose activities a message after a batch is about (E-219, A-498). */
export interface MessageBatch {
  /** The first of the rendered activities' actors, at most {@link MAX_MESSAGE_ACTORS}. */
  actors: RecipientKey[];
  total_actors: number;
  total_activities: number;
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

/** What conditions on a message's state read of it. */
export type MessageStatuses = Pick<Message, "step_ref" | "status" | `${EngagementStatus}_at`>;

export function getEngagementStatuses(message: Pick<Message, `${EngagementStatus}_at`>): EngagementStatus[] {
  return ENGAGEMENT_STATUSES.filter((status) => message[`${status}_at`] !== null);
}
