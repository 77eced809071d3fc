import { resolveSecretVariables } from "../domain/environment/secret-variables.js";
import { mergeUpserts } from "../domain/recipient/merge-recipient.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { RecipientsFileMark } from "../domain/request/parse-recipients-file.js";
import type { EngineContext } from "../engine/context/engine-context.js";
import { createEngine } from "../engine/create-engine.js";
import { resolveChannelDataIds } from "../engine/execution/build-fan-out.js";
import { createMissingBranchError } from "../engine/workflow/branch-context.js";
import type { Definitions } from "../ports/definitions.js";
import type { HttpClient } from "../ports/http-client.js";
import type { LocalOperations } from "../ports/operations.js";
import type { Seed, SeedStore } from "../ports/seed-store.js";
import type { Store } from "../ports/store.js";
import type { StoreControl } from "../ports/store-control.js";
import { NO_TRACER } from "../ports/tracer.js";
import type { Project } from "../project/open-project.js";
import type { Tracing } from "../tracing/tracing.js";
import { systemIds } from "../util/ids.js";
import { getProcessIdentity } from "../util/process-identity.js";
import { createDueWorkCheck } from "./check-due-work.js";
import type { GuardDeliveries } from "./guard-deliveries.js";
import { createLazyProviders } from "./lazy-providers.js";
import { mapEnvironment } from "./map-environment.js";
import { openStore } from "./open-store.js";
import type { ProcessIO } from "./process-io.js";
import type { Setting } from "./resolve-settings.js";
import { hasStore, isPostgresLocation } from "./store-location.js";

/**
 * Returns the branch of a command, or null for the main files. Throws if a flag names a branch that does not exist.
 * Other settings may be meant for the remote target, so a missing branch there only causes a warning.
 */
export function resolveLocalBranch(
  project: Project,
  { value, source }: Setting<string | null>,
  warn: (text: string) => void,
): string | null {
  if (value === null || project.branch(value) !== null) return value;
  const error = createMissingBranchError(value);
  if (source === "flag") throw error;
  warn(
    `${error.message} here, so the main files are used (${source === "environment" ? "KNOCK_BRANCH" : `the ${source}'s setting`} names it)`,
  );
  return null;
}

/** Reads the recipients files whose mark is not known yet, with the IDs of their channels. */
export async function readSeeds(project: Project, known: ReadonlyMap<string, RecipientsFileMark>): Promise<Seed[]> {
  const seeds = await project.readChangedRecipients(known);
  if (seeds.length === 0) return [];
  const environment = await project.environment();
  return seeds.map((seed) => ({
    ...seed,
    recipients: seed.recipients.map((recipient) => resolveChannelDataIds(recipient, environment)),
  }));
}

/** Applies the recipients files that have changed since they were last applied. */
export async function applyRecipientsFiles(
  project: Project,
  store: SeedStore & Pick<StoreControl, "isReadOnly">,
): Promise<void> {
  // A read-only store is shown as it is.
  if (store.isReadOnly) return;
  const seeds = await readSeeds(project, await store.readSeeds());
  if (seeds.length > 0) await store.applySeeds(seeds, Date.now());
}

/** Opens the store of a project and applies its recipients files. */
export async function openProjectStore(
  project: Project,
  location: string,
  options: Parameters<typeof openStore>[1] = {},
): Promise<Store> {
  const store = await openStore(location, { watchUsers: project.hasAudiences(), ...options });
  try {
    await applyRecipientsFiles(project, store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Returns a view of the store in which changed recipients files are already applied. The store itself is not changed.
 */
async function overlayChangedRecipients(project: Project, store: Store): Promise<Store> {
  const seeds = await readSeeds(project, await store.readSeeds());
  if (seeds.length === 0) return store;
  const changed = new Map(seeds.flatMap(({ recipients }) => recipients.map((upsert) => [upsert.key, upsert] as const)));
  return {
    ...store,
    readRecipients: async (keys) =>
      mergeUpserts(
        await store.readRecipients(keys),
        keys.flatMap((key) => changed.get(key) ?? []),
        Date.now(),
      ),
  };
}

/** Returns whether a location is a database without a store. */
async function isEmptyDatabase(location: string): Promise<boolean> {
  if (!isPostgresLocation(location)) return false;
  const { inspectDatabase } = await import("../store/postgres/open-postgres-store.js");
  return (await inspectDatabase(location)).isEmpty;
}

/** Opens the store of a project for a check. A missing store is not created, and an existing one is not changed. */
export async function openStoreForCheck(project: Project, location: string): Promise<Store> {
  if (!hasStore(location) || (await isEmptyDatabase(location))) return openProjectStore(project, ":memory:");
  const store = await openStore(location);
  try {
    return await overlayChangedRecipients(project, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Opens the embedded engine on a project's files and its store. */
export async function openLocalEngine(
  project: Project,
  location: string,
  { sleep, env }: Pick<ProcessIO, "sleep" | "env">,
  parts: LocalEngineOptions = {},
): Promise<LocalOperations> {
  const store = await (parts.openStore ?? openProjectStore)(project, location);
  try {
    const checkDueWork = await createDueWorkCheck(location, store, env);
    return createLocalEngine(project, store, { sleep, env }, { ...parts, checkDueWork });
  } catch (error) {
    await store.close();
    throw error;
  }
}

type ProviderFor = EngineContext["findProvider"];

/** Optional parts of a local engine. */
interface LocalEngineOptions {
  /** Wraps the function that finds a channel's provider, for example to inject faults. */
  wrapProviders?: (providerFor: ProviderFor) => ProviderFor;
  /** The address to which all emails are delivered. */
  guardDeliveries?: GuardDeliveries | null | undefined;
  guides?: EngineContext["createGuideOperations"];
  contentsInLocale?: EngineContext["renderContentsInLocale"];
  warn?: EngineContext["warn"];
  branch?: string;
  /** Identifies what claims work: a worker that shares its store with others. Default: the process. */
  worker?: string;
  /** The source of IDs; the default is random ones. */
  ids?: EngineContext["ids"];
  random?: EngineContext["random"];
  /** Sends the requests of steps; the default sends them to their hosts. */
  httpClient?: HttpClient;
  findRecordedResponse?: EngineContext["findRecordedResponse"];
  checkDueWork?: EngineContext["checkDueWork"];
  onStep?: EngineContext["onStep"];
  /** Records jobs, deliveries and requests. */
  tracing?: Tracing | undefined;
  /** Opens the store; the default is openProjectStore, which applies the project's recipients files. */
  openStore?: typeof openProjectStore;
}

/**
 * The HTTP client for outgoing requests. It is imported with the first request, so that other starts do not load
 * undici.
 */
export const httpClient: HttpClient = {
  fetch: async (request) => (await import("../remote/undici-http-client.js")).undiciHttpClient.fetch(request),
};

/** Creates the local engine on definitions and a store. */
export function createLocalEngine(
  projectDefinitions: Definitions,
  store: Store,
  { sleep, env }: Pick<ProcessIO, "sleep" | "env">,
  {
    wrapProviders = (providerFor) => providerFor,
    guardDeliveries,
    guides,
    contentsInLocale,
    warn,
    branch,
    worker = getProcessIdentity(),
    ids = systemIds,
    random = Math.random,
    httpClient: client = httpClient,
    findRecordedResponse,
    checkDueWork,
    onStep,
    tracing,
  }: LocalEngineOptions = {},
): LocalOperations {
  const definitions = mapEnvironment(projectDefinitions, (environment) =>
    resolveSecretVariables(environment, (name) => env[name]),
  );
  const secretValues = async () => (await definitions.environment()).secrets;
  // A request must not be sent for a run that a crash could still lose.
  const beforeRequest = () => store.syncToDisk();
  const privateAddresses = async () => (await definitions.environment()).private_addresses;
  const tracer = tracing?.tracer ?? NO_TRACER;
  const providers = createLazyProviders({ variables: env, privateAddresses, secretValues, tracer }, beforeRequest);
  const wrapped = wrapProviders(providers.findProvider);
  const findProvider = tracing?.traceProviders(wrapped) ?? wrapped;
  const tracedClient = tracing?.traceClient(client) ?? client;
  const readRecipient = async (key: RecipientKey) => (await store.readRecipients([key])).get(key);
  const engine = createEngine({
    store,
    definitions,
    findProvider: guardDeliveries?.(findProvider, warn ?? (() => {}), readRecipient) ?? findProvider,
    httpClient: {
      fetch: async (request) => {
        await beforeRequest();
        return tracedClient.fetch(request);
      },
    },
    findRecordedResponse,
    ids,
    realNow: Date.now,
    sleep,
    random,
    close: providers.close,
    checkDueWork,
    onStep,
    ...(guides ? { createGuideOperations: guides } : {}),
    ...(contentsInLocale ? { renderContentsInLocale: contentsInLocale } : {}),
    ...(warn ? { warn } : {}),
    ...(branch === undefined ? {} : { branch }),
    ...(worker === undefined ? {} : { worker }),
  });
  return tracing?.traceOperations(engine, worker ?? "") ?? engine;
}
