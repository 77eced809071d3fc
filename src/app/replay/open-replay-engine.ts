import { readOnce } from "../../engine/workflow/read-once.js";
import type { HttpClient } from "../../ports/http-client.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { Store } from "../../ports/store.js";
import type { Project } from "../../project/open-project.js";
import { openSqliteStore } from "../../store/sqlite/open-sqlite-store.js";
import { createSeededIds } from "../../testing/seeded-ids.js";
import { acceptMessages } from "../accept-messages.js";
import { createLocalEngine } from "../open-local-engine.js";
import type { ProcessIO } from "../process-io.js";

/** Responds to allowed requests with an empty object, because recorded data already contains the responses. */
const EMPTY_RESPONSES: HttpClient = { fetch: async () => ({ status: 200, text: "{}" }) };
const NO_RESPONSES: HttpClient = {
  fetch: async ({ method, url }) => ({
    failure: "connection",
    message: `a replay sends no requests, and environment.json declares no response for ${method.toUpperCase()} ${url}`,
  }),
};

interface ReplayEngineOptions {
  /** Whether the data of the triggers contains the responses of their requests. */
  hasResponses: boolean;
  warn(text: string): void;
}

/** An engine on a new store in memory. It delivers nothing and sends no requests. */
interface ReplayEngine {
  operations: LocalOperations;
  store: Store;
}

/** Opens an engine for one replay. Closing its operations closes the store. */
export async function openReplayEngine(
  project: Project,
  io: ProcessIO,
  { hasResponses, warn }: ReplayEngineOptions,
): Promise<ReplayEngine> {
  const store = await openSqliteStore(":memory:", { watchUsers: project.hasAudiences() });
  const ids = createSeededIds("replay");
  const operations = createLocalEngine(readOnce(project), store, io, {
    wrapProviders: acceptMessages,
    httpClient: hasResponses ? EMPTY_RESPONSES : NO_RESPONSES,
    warn,
    ids,
    random: ids.random,
  });
  return { operations, store };
}
