import type { Environment } from "../domain/environment/environment.js";
import type { Definitions } from "../ports/definitions.js";
import type { BlockedOccurrence, LocalOperations } from "../ports/operations.js";
import type { SourceOperations } from "../ports/source-service.js";
import type { TrackedLinks } from "../ports/tracked-links.js";
import type { KnownKeys } from "./access/authenticate.js";
import type { BulkOperations } from "./bulk-operations.js";
import type { ChangeStream } from "./change-stream.js";
import type { DueWorker } from "./due-worker.js";
import type { Faults } from "./faults.js";
import type { WebhookOptions, Webhooks } from "./webhooks/webhooks.js";

/** A request with what came of it. */
export interface RequestLogEntry {
  method: string;
  /** As it was sent, with its query. */
  path: string;
  status: number;
  /** From its arrival to its answer, in milliseconds. */
  took_ms: number;
  /** The workflow run that it started. */
  workflow_run_id: string | null;
  /** Why it was refused. */
  error: string | null;
  /** What in an accepted request is probably a mistake; absent where nothing is. */
  warnings?: readonly string[];
}

export interface EmulatorOptions {
  operations: LocalOperations;
  /** What can be triggered. */
  definitions: Pick<Definitions, "workflow" | "workflowKeys" | "branch" | "branches">;
  /** What the engine's providers are made to fail with. */
  faults: Faults;
  /** Null: there is no log to read them from. */
  webhooks: WebhookOptions | null;
  /** The systems whose events the project takes in; null where nobody reads them. */
  sources: SourceOperations | null;
  /** What clicks lead to; null: nothing is kept of it. */
  links: TrackedLinks | null;
  /** Read anew for each request that asks. */
  environment(): Promise<Environment>;
  /** The page's HTML with all that it needs; null where it was not built. */
  readPage(): Promise<string | null>;
  /** An environment variable, for settings written as `$NAME`. */
  readVariable(name: string): string | undefined;
  /** Empties the store, and fills it again as it is when first opened. */
  reset(keep: { recipients: boolean }): Promise<void>;
  host: string;
  /** Names in the Host header that are answered besides this machine's own, in lower case; `.lark.test` and all below it. */
  allowedHosts?: readonly string[];
  /** 0 picks one. */
  port: number;
  rateLimits: boolean;
  /** Rejects triggers with warnings. */
  strict?: boolean;
  /** How long a request's headers, and all of it, may take to come; the defaults are for slow networks. Milliseconds. */
  slow?: { headers_ms: number; request_ms: number };
  /** Where it answers, before the first request and the first due work. */
  onListening?(url: string): void;
  /** Opens the parts of a scene, which share nothing with the default one; absent: there are no scenes. */
  openScene?(): Promise<SceneParts>;
  onAnswered?(request: RequestLogEntry): void;
  onHeld(held: BlockedOccurrence): void;
  /** A fault of ours, or of the surroundings, that a request or due work met. */
  onError(error: unknown): void;
}

/** What a scene answers from; `close` ends its store. */
export interface SceneParts {
  options: Omit<EmulatorOptions, SharedOptionName>;
  close(): Promise<void>;
}

/** An isolated store within this process. */
export interface Scene {
  id: string;
  /** What clients take for the API's URL. */
  base_url: string;
}

/** Starts, lists and ends scenes. */
export interface SceneManager {
  open(): Promise<Scene>;
  list(): Scene[];
  end(id: string): Promise<void>;
}

/** Options of the server, which all scenes have in common. */
export type SharedOptionName =
  | "readPage"
  | "host"
  | "allowedHosts"
  | "port"
  | "rateLimits"
  | "slow"
  | "onAnswered"
  | "onHeld"
  | "openScene";

/** The same once it listens, for one store. */
export interface EmulatorAppOptions extends EmulatorOptions {
  /** The port it listens at. */
  port: number;
  /** Where clients reach it: of a scene, with its path prefix. */
  url: string;
  scenes: SceneManager;
}

/** The same with what works on the store. */
export interface HandlerOptions extends Omit<EmulatorAppOptions, "webhooks"> {
  worker: DueWorker;
  bulkOperations: BulkOperations;
  changeStream: ChangeStream;
  knownKeys: KnownKeys;
  webhooks: Webhooks | null;
  /** To be told after each request that may have changed something. */
  onWrite(): void;
}
