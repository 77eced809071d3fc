import type { DeliveryLog } from "../domain/message/delivery-log.js";
import type { EngagementAction, Message } from "../domain/message/message.js";
import type { JsonObject } from "../util/json.js";
import type { Claim } from "./due-store.js";
import type { MessageQuery } from "./filters.js";
import type { Paged, PageRequest } from "./page-request.js";

/** Delivers, reads and marks messages. */
export interface MessageStore {
  /** Likewise for messages whose delivery is due. */
  claimDueMessages(claim: Claim, limit: number): Promise<Message[]>;
  /** Writes delivery state (status, due_at, attempts, scheduled_at, metadata, events); engagement is left as stored. */
  saveMessages(messages: readonly Message[], token: string, logs?: readonly DeliveryLog[]): Promise<Set<string>>;
  /** Requests that a message's deliveries made, newest first (E-217). */
  readDeliveryLogs(messageId: string): Promise<DeliveryLog[]>;
  readMessages(ids: readonly string[]): Promise<Message[]>;
  listMessages(filter: MessageQuery, page: PageRequest): Promise<Paged<Message>>;
  /**
   * Sets an engagement status; ids that do not exist are left out of the answer. Repeats make repeated events (E-230).
   * `metadata` becomes the data of the action's event (E-226).
   */
  markMessages(
    ids: readonly string[],
    action: EngagementAction,
    at: number,
    metadata?: JsonObject | null,
  ): Promise<Message[]>;
  /** Undelivered ones are queued again, due at once (E-213); answers with those. */
  retryMessages(ids: readonly string[], at: number): Promise<Message[]>;
  /** With what is kept of their deliveries; ids that do not exist are passed over. */
  deleteMessages(ids: readonly string[]): Promise<void>;
}
