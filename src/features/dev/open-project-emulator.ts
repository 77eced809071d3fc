import { readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { createDueWorkCheck } from "../../context/check-due-work.js";
import { createLocalEngine, httpClient } from "../../context/create-local-engine.js";
import { emptyStore } from "../../context/empty-store.js";
import { findBuiltFile } from "../../context/find-built-file.js";
import type { GuardDeliveries } from "../../context/guard-deliveries.js";
import { mapEnvironment } from "../../context/map-environment.js";
import { applyDataFiles } from "../../context/open-project-store.js";
import { openSources } from "../../context/open-sources.js";
import { openStore } from "../../context/open-store.js";
import type { ProcessIO } from "../../context/process-io.js";
import { listOtherSenders } from "../../context/project-names.js";
import { formatStoreLocation, isPostgresLocation } from "../../context/store-location.js";
import { collectWebhookWarnings } from "../../domain/environment/webhook.js";
import { createGuideOperations } from "../../engine/guides/guide-operations.js";
import { renderContentsInLocale } from "../../engine/preview/render-contents-in-locale.js";
import { KnockError, toWarningsError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { warnBlockedOccurrence } from "../../output/print-clock.js";
import { printError } from "../../output/print-error.js";
import type { Store } from "../../ports/store.js";
import type { StoreLogs } from "../../ports/store-logs.js";
import type { Project } from "../../project/open-project.js";
import { Faults } from "../../providers/faults.js";
import { openTracing } from "../../tracing/open-tracing.js";
import type { Tracing } from "../../tracing/tracing.js";
import { applyFileChanges } from "./apply-file-changes.js";
import type { Account } from "./emulator/account.js";
import type { EmulatorOptions, SceneParts } from "./emulator/emulator-options.js";
import { LocalTracking } from "./emulator/local-tracking.js";
import { type Emulator, startEmulator } from "./emulator/start-emulator.js";
import { serializeDelivery } from "./emulator/webhooks/webhook-delivery.js";
import { readFileWarnings } from "./file-warnings.js";
import type { FollowedProject } from "./followed-project.js";
import { createGuideReader } from "./guide-reader.js";
import { type AccountFlags, openAccount } from "./open-account.js";
import { printWebhookDelivery } from "./print-webhook-delivery.js";
import { openProjectDocuments } from "./read-project-documents.js";
import { removeReadyFile, writeReadyFile } from "./ready-file.js";
import { RequestLog } from "./request-log.js";
import type { ServedProjects } from "./served-projects.js";
import { watchStoreFile } from "./watch-store-file.js";

/** How `knock dev` serves the API. */
interface EmulatorFlags extends AccountFlags {
  host: string;
  /** Accepted names in the Host header besides localhost, in lower case. `.lark.test` includes all subdomains. */
  allowedHosts: readonly string[];
  port: number;
  rateLimits: boolean;
  /** Whether warnings about the project's files are errors, and triggers with warnings are rejected. */
  strict: boolean;
  /** Whether each request is printed. */
  logsRequests: boolean;
  /**
   * The path of a file that is written atomically when the server accepts requests, with `{ url, port, pid }`; null
   * writes none.
   */
  readyFile: string | null;
  services?: EmulatorOptions["services"];
}

/** A running local API. */
export interface OpenedEmulator {
  url: string;
  port: number;
  /** The location of its store, as shown to the user. */
  store: string;
  /** The keys that environment.json listed at the start; null if every key is accepted. */
  keys: readonly string[] | null;
  /** Finishes the requests in progress, then stops. */
  close(): Promise<void>;
  /** Releases the claims of due work in progress, for a process that ends without finishing it. */
  releaseWork(): Promise<void>;
}

/** Reads the page for each request, so that a new build shows immediately. Resolves to null if there is no build. */
async function readPage(): Promise<string | null> {
  const file = findBuiltFile("page.html");
  return file === null ? null : readFileSync(file, "utf8");
}

/** Warns if the due work of a database waits for a worker. */
async function warnWithoutWorker(store: Store, output: Output): Promise<void> {
  const { hasWorker } = await import("../../store/postgres/open-postgres-store.js");
  if (await hasWorker(store)) return;
  output.warn("no worker runs the due work of this database: run `knock worker` with the same --store");
}

/** Opens the local API on a project's files and store. Changed files apply while it runs. */
export async function openProjectEmulator(
  opened: Project,
  location: string,
  flags: EmulatorFlags & { guardDeliveries?: GuardDeliveries | null },
  io: ProcessIO,
  output: Output,
): Promise<OpenedEmulator> {
  const { cwd } = io;
  const readyFile = flags.readyFile === null ? null : resolve(cwd, flags.readyFile);
  if (readyFile !== null) removeReadyFile(readyFile);
  const { account, project, served, ...state } = await openAccount(opened, location === ":memory:", flags, cwd, output);
  // A broken environment is reported before the server listens.
  const { keys } = (await project.definitions.environment()).access;
  const fileWarnings = flags.strict ? await readFileWarnings(opened, (name) => io.env[name]) : [];
  if (fileWarnings.length > 0) throw toWarningsError(fileWarnings);
  for (const notice of collectWebhookWarnings(await project.readWebhooks())) output.warn(notice);
  const watchUsers = opened.hasAudiences() || state.hasAudiences;
  const store = await openStore(location, { watchUsers, isShared: true });
  const watching = new AbortController();
  const warn = (text: string): void => output.warn(text);
  const tracing = await openTracing(io, { service: "knock-dev", root: opened.root, warn });
  let emulator: Emulator | undefined;
  try {
    watchStoreFile(location, warn, watching.signal);
    await applyDataFiles(opened, store);
    const { guardDeliveries } = flags;
    const context = buildEmulatorContext({
      opened,
      guardDeliveries,
      project,
      served,
      account,
      location,
      store,
      logs: await store.openLogs(),
      checkDueWork: await createDueWorkCheck(location, store, io.env),
      tracing,
      io,
      output,
    });
    const { operations, onError } = context;
    const sceneStores = new Set<Store>();
    /** Opens a scene with a store in memory, which starts with the recipients files and is discarded with the scene. */
    const openScene = async (): Promise<SceneParts> => {
      const sceneStore = await openStore(":memory:", { watchUsers, isShared: true });
      await applyDataFiles(project.current, sceneStore);
      const logs = await sceneStore.openLogs();
      const sceneContext = buildEmulatorContext({
        ...{ opened, guardDeliveries, project, served, account, store: sceneStore, logs, tracing, io, output },
        location: ":memory:",
      });
      sceneStores.add(sceneStore);
      return {
        options: sceneContext,
        async close() {
          sceneStores.delete(sceneStore);
          await sceneContext.operations.close();
        },
      };
    };
    const listening = await startEmulator({
      ...context,
      readPage,
      host: flags.host,
      allowedHosts: flags.allowedHosts,
      port: flags.port,
      rateLimits: flags.rateLimits,
      strict: flags.strict,
      tracer: tracing?.tracer,
      services: flags.services,
      runsDueWork: !isPostgresLocation(location),
      onBlocked: (occurrence) => warnBlockedOccurrence(occurrence, output),
      openScene,
      ...(flags.logsRequests ? { onResponse: new RequestLog(output).add } : {}),
    });
    emulator = listening;
    let reported = new Set<string>();
    const onChange = async (): Promise<void> => {
      for (const sceneStore of sceneStores) await applyDataFiles(project.current, sceneStore).catch(onError);
      const errors = [...((await operations.resources.guides?.readErrors())?.values() ?? [])];
      for (const error of errors) if (!reported.has(error.message)) onError(error);
      const warnings = flags.logsRequests ? await project.readFileWarnings((name) => io.env[name]).catch(() => []) : [];
      for (const text of warnings) if (!reported.has(text)) output.warn(text);
      reported = new Set([...errors.map(({ message }) => message), ...warnings]);
    };
    if (isPostgresLocation(location)) await warnWithoutWorker(store, output);
    if (readyFile !== null) writeReadyFile(readyFile, { url: listening.url, port: listening.port, pid: process.pid });
    const following = applyFileChanges({ project, store, emulator, output, onError, onChange }, watching.signal);
    const followingEnd = following.catch(onError);
    return {
      ...listening,
      store: formatStoreLocation(location),
      keys,
      releaseWork: () => operations.releaseWork(),
      async close() {
        watching.abort();
        await followingEnd;
        if (readyFile !== null) rmSync(readyFile, { force: true });
        await listening.close();
        await operations.close();
        state.close();
        await tracing?.close();
      },
    };
  } catch (error) {
    watching.abort();
    await emulator?.close();
    await store.close();
    state.close();
    await tracing?.close();
    throw error;
  }
}

interface EmulatorSources {
  opened: Project;
  guardDeliveries: GuardDeliveries | null | undefined;
  project: FollowedProject;
  served: ServedProjects;
  account: Account;
  location: string;
  store: Store;
  logs: StoreLogs;
  checkDueWork?: (() => Promise<void>) | undefined;
  tracing: Tracing | undefined;
  io: ProcessIO;
  output: Output;
}

type EmulatorContext = SceneParts["options"];

/** Builds the engine on the project's current files, and everything else that the API's responses are based on. */
function buildEmulatorContext({
  opened,
  guardDeliveries,
  project,
  served,
  account,
  location,
  store,
  logs,
  checkDueWork,
  tracing,
  io,
  output,
}: EmulatorSources): EmulatorContext {
  const { cwd, env } = io;
  const { definitions } = served;
  const faults = new Faults();
  const tracking = new LocalTracking();
  const guides = createGuideReader(() => served.served, cwd);
  const operations = createLocalEngine(
    mapEnvironment(definitions, (environment) => tracking.applyTo(faults.applyTo(environment))),
    store,
    io,
    {
      wrapProviders: (next) => (channel) => faults.wrapProvider(channel, next),
      guardDeliveries,
      guides: (context) => createGuideOperations(context, guides),
      contentsInLocale: renderContentsInLocale,
      warn: (text) => output.warn(text),
      checkDueWork,
      tracing,
    },
  );
  return {
    operations,
    store,
    account,
    definitions,
    listOtherSenders: () => listOtherSenders(project.current),
    faults,
    webhooks: {
      log: logs.outbound,
      fetcher: tracing?.traceClient(httpClient) ?? httpClient,
      readConfiguration: async () => {
        const { name, private_addresses } = await definitions.environment();
        return { webhooks: await project.readWebhooks(), environment: name, private_addresses };
      },
      onAttempt: (delivery) => printWebhookDelivery(serializeDelivery(delivery), output),
    },
    sources: openSources({ project: opened, definitions, operations, log: logs.sources }, cwd, output, env),
    links: logs.links,
    documents: openProjectDocuments(project, logs.broadcasts, cwd),
    onListening: (url) => tracking.setBaseUrl(url),
    environment: definitions.environment,
    readVariable: (name) => env[name],
    async takeSnapshot() {
      const snapshot = await store.takeSnapshot();
      const restore = async (): Promise<void> => {
        await snapshot.restore();
        await applyDataFiles(project.current, store);
      };
      return { ...snapshot, restore };
    },
    reset: (keep) => emptyStore({ store, location, logs, operations }, project.current, keep),
    onError(error) {
      const isDebugging = env.KNOCK_DEBUG === "1";
      if (!(error instanceof KnockError)) return printError(error, output, isDebugging);
      output.warn(error.message);
      if (isDebugging) output.errorLine(String(error.stack));
    },
  };
}
