import type { DeliveryLog } from "../domain/message/delivery-log.js";
import type { EngagementAction, Message } from "../domain/message/message.js";
import type { JsonObject } from "../util/json.js";
import type { CausedWork, Claim } from "./due-store.js";
import type { MessageQuery } from "./filters.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { OutcomeMessage } from "./run-store.js";

/** The ids of the messages that were saved. */
export interface SavedMessages {
  saved: Set<string>;
  caused: CausedWork;
}

/** The messages that were changed, in their new state. */
export interface ChangedMessages {
  messages: Message[];
  caused: CausedWork;
}

/** Delivers, reads and marks messages. */
export interface MessageStore {
  /** Claims up to `limit` messages whose delivery is due, as `claimDueRuns` claims runs. */
  claimDueMessages(claim: Claim, limit: number): Promise<Message[]>;
  /**
   * Writes the delivery state (status, due_at, attempts, scheduled_at, metadata, events). The stored engagement stays
   * unchanged.
   */
  saveMessages(messages: readonly Message[], token: string, logs?: readonly DeliveryLog[]): Promise<SavedMessages>;
  /** Returns the requests of a message's deliveries, newest first (E-217). */
  readDeliveryLogs(messageId: string): Promise<DeliveryLog[]>;
  readMessages(ids: readonly string[]): Promise<Message[]>;
  /** Returns what outcomes show of messages, in any order. Leaves out the contents, which are most of a message. */
  readOutcomeMessages(ids: readonly string[]): Promise<OutcomeMessage[]>;
  listMessages(filter: MessageQuery, page: PageRequest): Promise<Paged<Message>>;
  /**
   * Returns the ids of the messages that were inserted after a message, or of all if `after` is null, oldest first. For stores
   * without concurrent writers, such as those of tests.
   */
  listMessageIds(after: string | null): Promise<string[]>;
  /**
   * Sets an engagement status and returns the messages. Ids that do not exist are left out. A repeated call adds a
   * repeated event (E-230). `metadata` becomes the data of the action's event (E-226).
   */
  markMessages(
    ids: readonly string[],
    action: EngagementAction,
    at: number,
    metadata?: JsonObject | null,
  ): Promise<ChangedMessages>;
  /**
   * Writes the delivery state of messages for which `change` returns another one, and returns those. A delivery in progress of them
   * is not saved. `change` may be called again if another process has changed a message in the meantime.
   */
  changeDeliveries(ids: readonly string[], change: (message: Message) => Message | null): Promise<ChangedMessages>;
  /** Deletes messages with all that is stored about their deliveries. Ids that do not exist are ignored. */
  deleteMessages(ids: readonly string[]): Promise<void>;
}
