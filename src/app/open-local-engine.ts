import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { resolveSecretVariables } from "../domain/environment/secret-variables.js";
import { mergeRecipient } from "../domain/recipient/merge-recipient.js";
import type { EngineContext } from "../engine/context/engine-context.js";
import { createEngine } from "../engine/create-engine.js";
import { resolveChannelDataIds } from "../engine/execution/build-fan-out.js";
import { buildUnidentifiedRecipient } from "../engine/run/trial-run.js";
import { createMissingBranchError } from "../engine/workflow/branch-context.js";
import { KnockError } from "../errors/knock-error.js";
import type { Definitions } from "../ports/definitions.js";
import type { HttpClient } from "../ports/http-client.js";
import type { LocalOperations } from "../ports/operations.js";
import type { SeedStore } from "../ports/seed-store.js";
import type { Store } from "../ports/store.js";
import type { StoreControl } from "../ports/store-control.js";
import type { Project } from "../project/open-project.js";
import { openSqliteStore } from "../store/sqlite/open-sqlite-store.js";
import { systemIds } from "../util/ids.js";
import { createLazyProviders } from "./lazy-providers.js";
import { mapEnvironment } from "./map-environment.js";
import type { ProcessIO } from "./process-io.js";
import type { Setting } from "./resolve-settings.js";

/** Beside `knock.json`, never inside `knockDir`, which is often committed whole. */
export const LOCAL_FOLDER = ".knock-local";

/** Where the store is: a path is relative to where it was written, the command line or `knock.json`. */
export function resolveStoreLocation(setting: Setting<string | null>, project: Project, cwd: string): string {
  const { value, source } = setting;
  if (value === null) return join(project.root, LOCAL_FOLDER, "store.db");
  if (value === ":memory:") return value;
  if (/^postgres(ql)?:\/\//.test(value)) {
    throw new KnockError("not_supported", "a Postgres store is not supported yet", {
      hint: "Use a file: --store .knock-local/store.db.",
    });
  }
  return resolve(source === "project" ? project.root : cwd, value);
}

/**
 * The branch of a command, null for the main files. A flag was meant for this command; a setting may be there for the remote
 * target, so that one which names no branch here is only warned of.
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

/** Recipients files that changed since they were last applied (contract, section 5). */
export async function applyRecipientsFiles(
  project: Project,
  store: SeedStore & Pick<StoreControl, "isReadOnly">,
): Promise<void> {
  // A read-only store is shown as it is.
  if (store.isReadOnly) return;
  const seeds = await project.readChangedRecipients(await store.readSeeds());
  if (seeds.length === 0) return;
  const environment = await project.environment();
  await store.applySeeds(
    seeds.map((seed) => ({
      ...seed,
      recipients: seed.recipients.map((recipient) => resolveChannelDataIds(recipient, environment)),
    })),
    Date.now(),
  );
}

/** The store of a project, its recipients files applied. */
export async function openProjectStore(project: Project, location: string): Promise<Store> {
  const store = await openSqliteStore(location, { watchUsers: project.hasAudiences() });
  try {
    await applyRecipientsFiles(project, store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Recipients as they will be once the changed recipients files are applied; the store stays as it is. */
async function overlayChangedRecipients(project: Project, store: Store): Promise<Store> {
  const seeds = await project.readChangedRecipients(await store.readSeeds());
  if (seeds.length === 0) return store;
  const environment = await project.environment();
  const changed = new Map(
    seeds.flatMap(({ recipients }) =>
      recipients.map((upsert) => [upsert.key, resolveChannelDataIds(upsert, environment)] as const),
    ),
  );
  const readRecipients: Store["readRecipients"] = async (keys) => {
    const read = new Map(await store.readRecipients(keys));
    const now = Date.now();
    for (const key of keys) {
      const upsert = changed.get(key);
      if (upsert === undefined) continue;
      const before = read.get(key) ?? buildUnidentifiedRecipient(key, now);
      read.set(key, { ...before, ...mergeRecipient(before, upsert) });
    }
    return read;
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "readRecipients") return readRecipients;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The store of a project for a look at it: one that does not exist is not created, and one that does is not changed. */
export async function openStoreForCheck(project: Project, location: string): Promise<Store> {
  if (location === ":memory:" || !existsSync(location)) return openProjectStore(project, ":memory:");
  const store = await openSqliteStore(location);
  try {
    return await overlayChangedRecipients(project, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The embedded engine on a project's files and store. */
export async function openLocalEngine(
  project: Project,
  location: string,
  { sleep, env }: Pick<ProcessIO, "sleep" | "env">,
  parts: LocalEngineOptions = {},
): Promise<LocalOperations> {
  const store = await (parts.openStore ?? openProjectStore)(project, location);
  return createLocalEngine(project, store, { sleep, env }, parts);
}

type ProviderFor = EngineContext["findProvider"];

/** What only some who open an engine give it. */
interface LocalEngineOptions {
  /** Stands between the engine and who delivers. */
  wrapProviders?: (providerFor: ProviderFor) => ProviderFor;
  guides?: EngineContext["createGuideOperations"];
  contentsInLocale?: EngineContext["renderContentsInLocale"];
  warn?: EngineContext["warn"];
  branch?: string;
  /** Opens the store; by default with the project's recipients files applied. */
  openStore?: typeof openProjectStore;
}

/** Requests that leave this machine; what makes them is loaded with the first. */
export const httpClient: HttpClient = {
  fetch: async (request) => (await import("../remote/undici-http-client.js")).undiciHttpClient.fetch(request),
};

/** The engine as it is on this machine, over definitions and a store. */
export function createLocalEngine(
  projectDefinitions: Definitions,
  store: Store,
  { sleep, env }: Pick<ProcessIO, "sleep" | "env">,
  {
    wrapProviders: around = (providerFor) => providerFor,
    guides,
    contentsInLocale,
    warn,
    branch,
  }: LocalEngineOptions = {},
): LocalOperations {
  const definitions = mapEnvironment(projectDefinitions, (environment) =>
    resolveSecretVariables(environment, (name) => env[name]),
  );
  const secretValues = async () => (await definitions.environment()).secrets;
  // Nothing is sent for a run that a crash could still lose.
  const beforeRequest = () => store.syncToDisk();
  const privateAddresses = async () => (await definitions.environment()).private_addresses;
  const providers = createLazyProviders(env, beforeRequest, privateAddresses, secretValues);
  return createEngine({
    store,
    definitions,
    findProvider: around(providers.findProvider),
    httpClient: {
      fetch: async (request) => {
        await beforeRequest();
        return httpClient.fetch(request);
      },
    },
    ids: systemIds,
    realNow: Date.now,
    sleep,
    random: Math.random,
    close: providers.close,
    ...(guides ? { createGuideOperations: guides } : {}),
    ...(contentsInLocale ? { renderContentsInLocale: contentsInLocale } : {}),
    ...(warn ? { warn } : {}),
    ...(branch === undefined ? {} : { branch }),
  });
}
