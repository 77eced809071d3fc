import type { Channel } from "../domain/environment/environment.js";
import type { DeliveryExchange } from "../domain/message/delivery-log.js";
import type { Message } from "../domain/message/message.js";
import type { JsonObject } from "../util/json.js";

export type Delivery =
  /**
   * `not_sent`: kept here, as by a sandbox. `connection`: found out on the way, and from now on the recipient's. `tracked`: its
   * provider can be asked later what became of it.
   */
  | { status: "sent" | "delivered" | "not_sent"; metadata?: JsonObject; connection?: JsonObject; tracked?: true }
  /** The address is bad for good (CH-044); `token` is the device token that is. */
  | { status: "bounced"; reason: string; token?: string }
  /** `retry_after_ms`: how long the provider asked to be left alone. */
  | { status: "failed"; retryable: boolean; reason: string; retry_after_ms?: number };

/** What has become of a message that its provider took (CH-045). */
export type DeliveryCheck =
  | { status: "delivered" }
  | { status: "bounced" | "undelivered"; reason: string }
  /** Not known yet. */
  | { status: "pending" }
  /** Not to be known: asking again would not help. */
  | { status: "unknown"; reason: string };

/** Who somebody is to a provider: their connection, or why there is none; null where it cannot say now. */
export type UserLookupResult = { connection: JsonObject } | { missing: string } | null;

export type RecordExchange = (exchange: DeliveryExchange) => void;

/** What is stored for the message's channel now: content holds no secrets, so connections and tokens are read here. */
export interface StoredChannelData {
  recipient: JsonObject;
  tenant: JsonObject;
}

/** Hands a message to the outside. The message id is the idempotency key: a repeat must not send twice. */
export interface Provider {
  /** `record` is told each request with its answer, secrets taken out (E-217). */
  send(message: Message, channel: Channel, stored: StoredChannelData, record?: RecordExchange): Promise<Delivery>;
  /** Asks about a message that `send` said is tracked (E-212). Absent where the provider cannot be asked. */
  check?(message: Message, channel: Channel, record?: RecordExchange): Promise<DeliveryCheck>;
  /** Looks a user up by e-mail with the tenant's token (CH-175). Absent where that is no question to the provider. */
  findUser?(email: string, token: string, channel: Channel): Promise<UserLookupResult>;
}
