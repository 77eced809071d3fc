import type { Environment } from "../../../domain/environment/environment.js";
import type { WorkFields } from "../../../domain/run/work-fields.js";
import type { Definitions } from "../../../ports/definitions.js";
import type { BlockedOccurrence, LocalOperations } from "../../../ports/operations.js";
import type { HandleHttpRequest, ServedEngine } from "../../../ports/served-engine.js";
import type { SourceOperations } from "../../../ports/source-service.js";
import type { Store } from "../../../ports/store.js";
import type { StoreSnapshot } from "../../../ports/store-control.js";
import type { Tracer } from "../../../ports/tracer.js";
import type { TrackedLinks } from "../../../ports/tracked-links.js";
import type { Faults } from "../../../providers/faults.js";
import type { KeyRing, KnownKeys } from "./access/authenticate.js";
import type { Account } from "./account.js";
import type { BulkOperations } from "./bulk-operations.js";
import type { ChangeStream } from "./change-stream.js";
import type { FeedRead } from "./http/feed-read.js";
import type { PollingDueWork } from "./polling-due-work.js";
import type { ProjectDocuments } from "./project-documents.js";
import type { Snapshots } from "./snapshots.js";
import type { WebhookOptions, Webhooks } from "./webhooks/webhooks.js";

/** How the public API is served to applications and their users. */
export interface PublicApiPolicy {
  keys: KeyRing;
  /** Whether public keys need a signed user token. */
  requiresUserTokens: boolean;
}

/** A request and its result, for the request log. */
export interface RequestLogEntry {
  method: string;
  /** The path as it was sent, with its query. */
  path: string;
  status: number;
  /** Milliseconds from the request to its response. */
  took_ms: number;
  /** The endpoint of the route, such as `GET /v1/users/{user_id}`; null without one. */
  route?: string | null;
  /** The ID of the response's header `x-request-id`, or null. */
  request_id?: string | null;
  /** The ID of the API key, or null. */
  key_id?: string | null;
  /** The ID of the workflow run that the request started; null if it started none. */
  workflow_run_id: string | null;
  /** That run in the fields of logs; absent if a developer reads the log. */
  work?: WorkFields;
  /** The reason why the request was rejected; null for accepted requests. */
  error: string | null;
  /** Likely mistakes in an accepted request; absent if none were found. */
  warnings?: readonly string[];
}

interface EmulatorService {
  path: string;
  /** The method and the path, if the service is a documented route. */
  endpoint: string | undefined;
  open(engine: ServedEngine): Promise<HandleHttpRequest>;
}

export interface EmulatorOptions {
  operations: LocalOperations;
  store: Store;
  /** The workflows that can be triggered. */
  definitions: Pick<Definitions, "workflow" | "workflowKeys" | "branch" | "branches">;
  /** Returns the keys of broadcasts and guides, which also send messages. */
  listOtherSenders?(): readonly string[];
  /** The injected failures of the engine's providers. */
  faults: Faults;
  /** The settings of webhook delivery; null if the store has no event log. */
  webhooks: WebhookOptions | null;
  /** Receives events of the project's sources; null if sources are not supported. */
  sources: SourceOperations | null;
  /** Serves the management API; absent if it is not supported. */
  account?: Account;
  /** Reads documents of the project for the management API. */
  documents: ProjectDocuments;
  /** Finds the targets of tracked links; null if links are not tracked. */
  links: TrackedLinks | null;
  /** Returns the environment. It is read again for each request that needs it. */
  environment(): Promise<Environment>;
  /** Returns the page as one HTML file; null if it was not built. */
  readPage(): Promise<string | null>;
  /** Returns the value of an environment variable, for settings written as `$NAME`. */
  readVariable(name: string): string | undefined;
  /** Copies the store to memory. A restored copy has the changes of files that were made since. */
  takeSnapshot(): Promise<StoreSnapshot>;
  /** Empties the store and fills it as it is when it is first opened. */
  reset(keep: { recipients: boolean }): Promise<void>;
  /** The services of other features, by path. Each is opened with the first request of an app. */
  services?: readonly EmulatorService[] | undefined;
  host: string;
  /** Additional names allowed in the `Host` header, in lower case. `.lark.test` includes all subdomains. */
  allowedHosts?: readonly string[];
  /** Serves only the public API, to the keys of this ring. Absent for a server of a developer's own machine. */
  publicApi?: PublicApiPolicy | undefined;
  /** The port to listen on; 0 selects a free port. */
  port: number;
  rateLimits: boolean;
  /** The public URL of the server, to which vendors send their webhooks, without a slash at its end. */
  webhookUrl?: string | undefined;
  /** Whether triggers with warnings are rejected. */
  strict?: boolean;
  /**
   * Milliseconds within which a request's headers, and the whole request, must arrive, and after which a WebSocket without frames
   * is closed. The defaults allow slow networks.
   */
  requestTimeouts?: { headers_ms: number; request_ms: number; socket_ms?: number };
  /** Called with the emulator's URL before the first request and the first due work. */
  onListening?(url: string): void;
  /**
   * Opens the store and engine of a scene, which shares nothing with the default scene. Absent if scenes are not
   * supported.
   */
  openScene?(): Promise<SceneParts>;
  onResponse?(request: RequestLogEntry): void;
  /** Records triggers. */
  tracer?: Tracer | undefined;
  /** False if workers of other processes run due work. Default: true. */
  runsDueWork?: boolean;
  onBlocked(held: BlockedOccurrence): void;
  /** Called with unexpected errors of requests or due work, such as bugs and an unusable store. */
  onError(error: unknown): void;
}

/** The parts of a scene. `close` closes its store and the connections to its providers. */
export interface SceneParts {
  options: Omit<EmulatorOptions, SharedOptionName>;
  close(): Promise<void>;
}

/** An isolated store in this process. */
export interface Scene {
  id: string;
  /** The URL that clients use as the API's URL. */
  base_url: string;
}

/** Starts, lists and ends scenes. */
export interface SceneManager {
  open(): Promise<Scene>;
  list(): Scene[];
  end(id: string): Promise<void>;
}

/** Options of the server, which all scenes share. */
export type SharedOptionName =
  | "readPage"
  | "services"
  | "host"
  | "allowedHosts"
  | "publicApi"
  | "port"
  | "rateLimits"
  | "requestTimeouts"
  | "onResponse"
  | "onBlocked"
  | "tracer"
  | "openScene";

/** The options of one store's app, after the server has started. */
export interface EmulatorAppOptions extends EmulatorOptions {
  /** The port that the server listens on. */
  port: number;
  /** The URL for clients, which includes the path prefix of a scene. */
  url: string;
  scenes: SceneManager;
}

/** The options of the request listener, with the parts that work on the store. */
export interface HandlerOptions extends Omit<EmulatorAppOptions, "webhooks"> {
  worker: PollingDueWork;
  bulkOperations: BulkOperations;
  changeStream: ChangeStream;
  knownKeys: KnownKeys;
  webhooks: Webhooks | null;
  snapshots: Snapshots;
  /** Announces the feeds to all sockets. Called after the store has got the data of a snapshot. */
  onRestored(): Promise<void>;
  /** Called after each request that may have changed something. */
  onWrite(): void;
  /** Called after a page of a feed was sent. */
  onFeedRead(read: FeedRead): void;
}
