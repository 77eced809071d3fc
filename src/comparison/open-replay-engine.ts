import { acceptMessages } from "../context/accept-messages.js";
import { createLocalEngine } from "../context/create-local-engine.js";
import type { ProcessIO } from "../context/process-io.js";
import type { EngineContext } from "../engine/context/engine-context.js";
import { readOnce } from "../engine/workflow/read-once.js";
import type { HttpClient } from "../ports/http-client.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Store } from "../ports/store.js";
import type { Project } from "../project/open-project.js";
import { openSqliteStore } from "../store/sqlite/open-sqlite-store.js";
import { createSeededIds } from "../util/seeded-ids.js";
import type { RecordedAnswers } from "./recorded-answers.js";

/** Responds without content to allowed requests that were not sent in the past, or whose responses the recorded data contains. */
const EMPTY_RESPONSES: HttpClient = { fetch: async () => ({ status: 204, text: "" }) };
const NO_RESPONSES: HttpClient = {
  fetch: async ({ method, url }) => ({
    failure: "connection",
    message: `a replay sends no requests, and environment.json declares no response for ${method.toUpperCase()} ${url}`,
  }),
};

/** Returns providers with which messages are delivered, or not, as in the past. Others are accepted. */
function repeatDeliveries(
  findProvider: EngineContext["findProvider"],
  answers: RecordedAnswers | undefined,
): EngineContext["findProvider"] {
  if (answers === undefined) return findProvider;
  return (channel) => {
    const provider = findProvider(channel);
    if (provider === null) return null;
    return { send: async (message, ...others) => answers.findDelivery(message) ?? provider.send(message, ...others) };
  };
}

interface ReplayEngineOptions {
  /** Whether the data of the triggers contains the responses of their requests. */
  hasResponses: boolean;
  /** Writes the recipients to the new store, and returns the store for the engine. */
  prepareStore(store: Store): Promise<Store>;
  /** The results of requests and deliveries in the past. */
  answers?: RecordedAnswers;
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
  { hasResponses, prepareStore, answers, warn }: ReplayEngineOptions,
): Promise<ReplayEngine> {
  const created = await openSqliteStore(":memory:", { watchUsers: project.hasAudiences() });
  let store: Store;
  try {
    store = await prepareStore(created);
  } catch (error) {
    await created.close();
    throw error;
  }
  const ids = createSeededIds("replay");
  const operations = createLocalEngine(readOnce(project), store, io, {
    wrapProviders: (findProvider) => repeatDeliveries(acceptMessages(findProvider), answers),
    httpClient: hasResponses ? EMPTY_RESPONSES : NO_RESPONSES,
    findRecordedResponse: answers?.findResponse,
    warn,
    ids,
    random: ids.random,
  });
  return { operations, store };
}
