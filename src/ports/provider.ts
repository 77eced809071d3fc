import type { Channel } from "../domain/environment.js";
import type { Message } from "../domain/message.js";
import type { JsonObject } from "../util/json.js";

export type Delivery =
  | { status: "sent" | "delivered"; metadata?: JsonObject }
  | { status: "bounced"; reason: string }
  | { status: "failed"; retryable: boolean; reason: string };

/** Hands a message to the outside. The message id is the idempotency key: a repeat must not send twice. */
export interface Provider {
  send(message: Message, channel: Channel): Promise<Delivery>;
}
