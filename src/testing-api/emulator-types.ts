import type { DeliveryFailure, RecipientsContent } from "./engine-types.js";

/** How a local API is started. */
export interface KnockDevOptions {
  /** The folder with `knock.json`, or the file. Default: the nearest one, from the working directory upward. */
  project?: string;
  /** The folder with the workflows. Takes precedence over `knockDir` in `knock.json`. */
  knockDir?: string;
  /** The name of a file in `environments/`. */
  environment?: string;
  /** The port. Default: a free one. */
  port?: number;
  /** Receives each line of warnings and logs. Default: they are ignored. */
  onLog?: (line: string) => void;
}

/** A message of the API, with its content. */
export interface DevMessage {
  id: string;
  /** The delivery status in the API's words. */
  status: string;
  workflow: string;
  recipient: string | { collection: string; id: string };
  channel: { key: string; type: string; [property: string]: unknown };
  /** The rendered content. The fields of `data` depend on the channel type. */
  content: { data: { [field: string]: unknown }; [property: string]: unknown };
  [property: string]: unknown;
}

/** Properties that select messages. Omitted ones match every message. */
export interface DevMessageFilter {
  /** A user ID, or `<collection>/<id>`. */
  recipient?: string;
  workflow?: string;
  /** The channel's key or ID. */
  channel?: string;
  workflow_run_id?: string;
}

/** The state of the clock, as `knock clock --json` prints it. */
export interface DevClock {
  /** The time in ISO 8601. */
  now: string;
  frozen: boolean;
  /** The runs that continued during a move. */
  ran?: { [property: string]: unknown }[];
  [property: string]: unknown;
}

/** A scene of a local API: its own data, clock and failures below its own address. */
export interface KnockScene {
  /** The address for clients of the API. */
  readonly url: string;
  /** The variables that the official SDK reads: `KNOCK_BASE_URL` and `KNOCK_API_KEY`. */
  readonly env: { KNOCK_BASE_URL: string; KNOCK_API_KEY: string };
  /** Empties the store and loads the recipients files again. */
  reset(options?: { keep?: "recipients"[] }): Promise<void>;
  /** Saves the data, the clock and the failures under a name. Rejects a name that is taken, unless `force` is set. */
  snapshot(name: string, options?: { force?: boolean }): Promise<void>;
  /** Returns to a snapshot. Rejects an unknown name. */
  restore(name: string): Promise<void>;
  /** Adds recipients in the format of a recipients file. */
  seed(recipients: RecipientsContent): Promise<void>;
  /** Returns the newest 1,000 messages, oldest first. */
  messages(filter?: DevMessageFilter): Promise<DevMessage[]>;
  /** Returns the state of the clock. */
  clock(): Promise<DevClock>;
  /** Moves the clock by a duration such as `30m`, or with `next` to the next due time, and runs what becomes due. */
  advance(duration: string): Promise<DevClock>;
  /** Stops the clock, now or at a time. */
  freeze(time?: string | Date): Promise<DevClock>;
  /** Waits until nothing is due. Rejects after the timeout, such as `5s`. */
  waitUntilIdle(timeout?: string): Promise<void>;
  /** Makes deliveries of a channel fail. */
  failDeliveries(failure: DeliveryFailure): Promise<void>;
  /** Removes all failures. */
  clearFailures(): Promise<void>;
  /** Sends an event to a source of the project. */
  sendSourceEvent(source: string, body: unknown): Promise<{ [property: string]: unknown }>;
  /** Returns the deliveries of webhooks with their attempts. */
  webhooks(): Promise<{ [property: string]: unknown }[]>;
  /** Sends a request to a route below `/__knock/`, such as `GET faults`. Rejects if it fails. */
  request(route: string, body?: unknown): Promise<{ [property: string]: unknown }>;
  /** Ends the scene and deletes its data. The server of `startKnockDev` also stops. */
  close(): Promise<void>;
}

/** A local API in this process, with a scene of its own for this worker. */
export interface KnockDev extends KnockScene {
  /** The port of the server. */
  readonly port: number;
  /** Opens another scene, for example for a test that runs concurrently. */
  openScene(): Promise<KnockScene>;
}
