import type { Channel } from "../domain/environment/environment.js";
import type { DeliveryExchange } from "../domain/message/delivery-log.js";
import type { Message } from "../domain/message/message.js";
import type { JsonObject } from "../util/json.js";

export type Delivery =
  /**
   * `not_sent`: stored only, as in a sandbox. `connection`: found during the delivery, and stored for the recipient.
   * `tracked`: the provider can report the delivery status later.
   */
  | { status: "sent" | "delivered" | "not_sent"; metadata?: JsonObject; connection?: JsonObject; tracked?: true }
  /** The address is permanently invalid (CH-044). `token` is the invalid device token. */
  | { status: "bounced"; reason: string; token?: string }
  /** `retry_after_ms`: the time that the provider asked to wait. */
  | { status: "failed"; retryable: boolean; reason: string; retry_after_ms?: number };

/** The delivery status of a message that its provider has accepted (CH-045). */
export type DeliveryCheck =
  | { status: "delivered" }
  | { status: "bounced" | "undelivered"; reason: string }
  /** The status is not known yet. */
  | { status: "pending" }
  /** Never known: another request would not help. */
  | { status: "unknown"; reason: string };

/**
 * The connection of a user at a provider, or why the user has no connection. Null if the provider cannot look it up now.
 */
export type UserLookupResult = { connection: JsonObject } | { missing: string } | null;

/** An event of a message that a vendor reports to a webhook (CH-045). */
export interface ProviderEvent {
  /** The message's own ID, which vendors return as they got it. */
  message_id: string;
  type: "delivered" | "bounced" | "undelivered" | "complained" | "opened" | "clicked" | "unsubscribed";
  /** The vendor's time in milliseconds since 1970. */
  at: number;
  /** Why the message did not arrive, in the vendor's words. */
  reason?: string;
  /** The target of the clicked link. */
  url?: string;
}

/** A request of a vendor's webhook. Names of headers are in lower case. */
export interface ProviderWebhook {
  /** The URL that the vendor has requested, with its query. Some signatures cover it. */
  url: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
}

/** The events of a webhook that concern stored messages of its channel. */
export interface ReceivedEvents {
  /** The number of events that changed something. Replays and events of unknown messages do not. */
  changed: number;
  /** Whether a message was still being sent, so that the vendor has to repeat the webhook. */
  isEarly: boolean;
  /** The text that the vendor expects, if it only checks the URL. */
  answer?: string;
}

/** The answer that a vendor expects when it checks the URL of a new webhook. */
export interface WebhookAnswer {
  answer: string;
}

export type RecordExchange = (exchange: DeliveryExchange) => void;

/**
 * The data that is stored for the message's channel now. Content holds no secrets, so connections and tokens are read
 * from here.
 */
export interface StoredChannelData {
  recipient: JsonObject;
  tenant: JsonObject;
}

/** Sends messages to an external service. The message id is the idempotency key: a repeat must not send twice. */
export interface Provider {
  /** Sends a message. `record` receives each request with its response, with secrets removed (E-217). */
  send(message: Message, channel: Channel, stored: StoredChannelData, record?: RecordExchange): Promise<Delivery>;
  /** Checks a message that `send` reported as tracked (E-212). Absent if the provider cannot be queried. */
  check?(message: Message, channel: Channel, record?: RecordExchange): Promise<DeliveryCheck>;
  /** Looks a user up by email with the tenant's token (CH-175). Absent if the provider has no such lookup. */
  findUser?(email: string, token: string, channel: Channel): Promise<UserLookupResult>;
}
