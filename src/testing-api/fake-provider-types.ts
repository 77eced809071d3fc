import type { FakeProviderName } from "./fake-provider-names.js";

export type { FakeProviderName };

/**
 * A request that a fake has received, with the status of its response. Of SMTP, it is a message: `body` is the envelope, and `text`
 * the MIME message. If a command is refused, `method` is its name.
 */
export interface FakeProviderRequest {
  method: string;
  /** The path without the query. */
  path: string;
  query: URLSearchParams;
  /** Names are in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The body as JSON, or the fields of a form with the names of its files; null for any other body. */
  body: unknown;
  text: string;
  status: number;
}

/** An event that a vendor reports to the webhook of a channel. */
export interface FakeProviderEvent {
  type: "delivered" | "bounced" | "undelivered" | "complained" | "opened" | "clicked" | "unsubscribed";
  /** The ID of the message in knock. */
  message_id: string;
  /** The vendor's time in milliseconds since 1970. Default: now. */
  at?: number;
  /** Why the message did not arrive. */
  reason?: string;
  /** The target of the clicked link. */
  url?: string;
}

/** A local server that answers as a vendor's API, and refuses what the vendor refuses. */
export interface FakeProvider {
  /** The URL of the fake. Incoming webhooks of chat vendors are below it, such as `/services/T1/B1/x` of Slack. */
  readonly url: string;
  /** The settings of a channel that delivers to the fake, with its address. Secrets are their values. */
  readonly settings: Readonly<Record<string, string>>;
  /** The requests, oldest first. */
  readonly requests: readonly FakeProviderRequest[];
  /** The failures that the vendor documents, by name. */
  readonly failures: Readonly<Record<string, { status: number; body: unknown }>>;
  /** Lets the next requests fail with a failure of `failures`; one by default. Throws for an unknown name. */
  failNext(failure: string, times?: number): void;
  /** Reports an event to a webhook, signed as the vendor signs it. Returns the status of the response. */
  sendEvent(url: string, event: FakeProviderEvent): Promise<number>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
