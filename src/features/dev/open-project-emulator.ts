import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { createDueWorkCheck } from "../../context/check-due-work.js";
import type { GuardDeliveries } from "../../context/guard-deliveries.js";
import { applyDataFiles } from "../../context/open-project-store.js";
import { openStore } from "../../context/open-store.js";
import type { ProcessIO } from "../../context/process-io.js";
import { readBuiltFile } from "../../context/read-built-file.js";
import { formatStoreLocation, isPostgresLocation } from "../../context/store-location.js";
import { collectWebhookWarnings } from "../../domain/environment/webhook.js";
import type { EngineContext } from "../../engine/context/engine-context.js";
import { toWarningsError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { warnBlockedOccurrence } from "../../output/print-clock.js";
import type { Store } from "../../ports/store.js";
import type { Project } from "../../project/open-project.js";
import { openTracing } from "../../tracing/open-tracing.js";
import { applyFileChanges } from "./apply-file-changes.js";
import { buildEmulatorContext } from "./build-emulator-context.js";
import type { EmulatorOptions, SceneParts } from "./emulator/emulator-options.js";
import { type Emulator, startEmulator } from "./emulator/start-emulator.js";
import { readFileWarnings } from "./file-warnings.js";
import { type AccountFlags, openAccount } from "./open-account.js";
import { removeReadyFile, writeReadyFile } from "./ready-file.js";
import { RequestLog } from "./request-log.js";
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
  /** The public URL of the server, to which vendors send their webhooks. */
  webhookUrl?: string | undefined;
  /** Opens the policy of a server of only the public API, on the store and for the name of the environment. */
  openPublicApi?: (store: Store, environment: string) => Promise<EmulatorOptions["publicApi"]>;
  /** Receives each request instead of the printed log. */
  onResponse?: EmulatorOptions["onResponse"];
  /** Receives each warning instead of the printed one. */
  warn?: EngineContext["warn"];
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
  /** Throws if the store cannot be written to now. */
  checkWritable(): Promise<void>;
  /** Releases the claims of due work in progress, for a process that ends without finishing it. */
  releaseWork(): Promise<void>;
}

/** Reads the page for each request, so that a new build shows immediately. Resolves to null if there is no build. */
const readPage = async (): Promise<string | null> => readBuiltFile("page.html");

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
  const environment = await project.definitions.environment();
  const { keys } = environment.access;
  const fileWarnings = flags.strict ? await readFileWarnings(opened, (name) => io.env[name]) : [];
  if (fileWarnings.length > 0) throw toWarningsError(fileWarnings);
  for (const notice of collectWebhookWarnings(await project.readWebhooks())) output.warn(notice);
  const watchUsers = opened.hasAudiences() || state.hasAudiences;
  const store = await openStore(location, { watchUsers, isShared: true });
  const watching = new AbortController();
  const warn = flags.warn ?? ((text: string): void => output.warn(text));
  const tracing = await openTracing(io, { service: "knock-dev", root: opened.root, warn });
  let emulator: Emulator | undefined;
  try {
    watchStoreFile(location, warn, watching.signal);
    await applyDataFiles(opened, store);
    const { webhookUrl } = flags;
    const deliveries = { guardDeliveries: flags.guardDeliveries, webhookUrl };
    const sources = { opened, deliveries, project, served, account, tracing, io, output, warn };
    const context = buildEmulatorContext({
      ...sources,
      location,
      store,
      logs: await store.openLogs(),
      checkDueWork: await createDueWorkCheck(location, store, io.env),
    });
    const { operations, onError } = context;
    const sceneStores = new Set<Store>();
    /** Opens a scene with a store in memory, which starts with the recipients files and is discarded with the scene. */
    const openScene = async (): Promise<SceneParts> => {
      const sceneStore = await openStore(":memory:", { watchUsers, isShared: true });
      await applyDataFiles(project.current, sceneStore);
      const logs = await sceneStore.openLogs();
      const sceneContext = buildEmulatorContext({ ...sources, location: ":memory:", store: sceneStore, logs });
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
      webhookUrl,
      services: flags.services,
      runsDueWork: !isPostgresLocation(location),
      onBlocked: (occurrence) => warnBlockedOccurrence(occurrence, output),
      ...(flags.openPublicApi === undefined
        ? { openScene }
        : {
            publicApi: await flags.openPublicApi(store, environment.name),
            // Links of messages lead to the address of environment.json, because workers also render messages.
            onListening: () => {},
          }),
      ...(flags.logsRequests ? { onResponse: flags.onResponse ?? new RequestLog(output).add } : {}),
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
      checkWritable: () => operations.checkWritable(),
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
