import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { EmulatorFlags, OpenedEmulator } from "../commands/services.js";
import { webhookNotices } from "../domain/environment/webhook.js";
import type { SceneParts } from "../emulator/emulator-options.js";
import { Faults } from "../emulator/faults.js";
import { type Emulator, openEmulator } from "../emulator/open-emulator.js";
import { OwnTracking } from "../emulator/own-tracking.js";
import { deliveryShape } from "../emulator/webhooks/webhook-delivery.js";
import { guideOperations } from "../engine/guides/guide-operations.js";
import { contentsInLocale } from "../engine/preview/contents-in-locale.js";
import { messageOf, warningsAsError } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import { warnHeld } from "../output/print-clock.js";
import { printWebhook } from "../output/print-webhook.js";
import { RequestLog } from "../output/request-log.js";
import type { Store } from "../ports/store.js";
import type { StoreLogs } from "../ports/store-logs.js";
import type { Project } from "../project/open-project.js";
import { openGroupingStore } from "../store/sqlite/grouping-store.js";
import { readFileWarnings } from "./file-warnings.js";
import { followFiles } from "./follow-files.js";
import { guidesOf } from "./followed-guides.js";
import { FollowedProject } from "./followed-project.js";
import { applyRecipientsFiles, localEngine, outside } from "./open-local.js";
import { openSources } from "./open-sources.js";
import { overEnvironment } from "./over-environment.js";
import { removeReadyFile, writeReadyFile } from "./ready-file.js";
import type { Surroundings } from "./surroundings.js";
import { watchStore } from "./watch-store.js";

/** Where the build puts the page: beside the bundle, and from the sources' folder as seen from a test. */
const PAGE = ["page.html", "../../dist/page.html"];

/** Read anew for each visit, so that a build shows at once. */
async function readPage(): Promise<string | null> {
  const file = PAGE.map((path) => join(import.meta.dirname, path)).find((path) => existsSync(path));
  return file === undefined ? null : readFileSync(file, "utf8");
}

/** The local API over a project's files and store. Changed recipients files are applied as they change. */
export async function openProjectEmulator(
  opened: Project,
  location: string,
  flags: EmulatorFlags,
  surroundings: Surroundings,
  output: Output,
): Promise<OpenedEmulator> {
  const { cwd } = surroundings;
  const readyFile = flags.readyFile === null ? null : resolve(cwd, flags.readyFile);
  if (readyFile !== null) removeReadyFile(readyFile);
  const project = new FollowedProject(opened, cwd);
  // What is wrong with the environment is said before anything listens.
  const { keys } = (await project.definitions.environment()).access;
  const fileWarnings = flags.strict ? await readFileWarnings(opened, (name) => surroundings.env[name]) : [];
  if (fileWarnings.length > 0) throw warningsAsError(fileWarnings);
  for (const notice of webhookNotices(await project.webhooks())) output.warn(notice);
  const store = await openGroupingStore(location, { watchUsers: opened.hasAudiences() });
  const watching = new AbortController();
  let emulator: Emulator | undefined;
  try {
    watchStore(location, (text) => output.warn(text), watching.signal);
    await applyRecipientsFiles(opened, store);
    const parts = partsOf({ opened, project, store, logs: await store.openLogs(), surroundings, output });
    const { operations, onError } = parts;
    const sceneStores = new Set<Store>();
    /** A scene's data is in memory alone: it begins with the recipients files, and ends with the scene. */
    const openScene = async (): Promise<SceneParts> => {
      const own = await openGroupingStore(":memory:", { watchUsers: opened.hasAudiences() });
      await applyRecipientsFiles(project.current, own);
      sceneStores.add(own);
      return {
        parts: partsOf({ opened, project, store: own, logs: await own.openLogs(), surroundings, output }),
        async close() {
          sceneStores.delete(own);
          await own.close();
        },
      };
    };
    const listening = await openEmulator({
      ...parts,
      readPage,
      host: flags.host,
      allowedHosts: flags.allowedHosts,
      port: flags.port,
      rateLimits: flags.rateLimits,
      strict: flags.strict,
      onHeld: (held) => warnHeld(held, output),
      openScene,
      ...(flags.logsRequests ? { onAnswered: new RequestLog(output).add } : {}),
    });
    emulator = listening;
    let told = new Set<string>();
    const onChange = async (): Promise<void> => {
      for (const own of sceneStores) await applyRecipientsFiles(project.current, own).catch(onError);
      const faults = [...((await operations.resources.guides?.faults())?.values() ?? [])];
      for (const fault of faults) if (!told.has(fault.message)) onError(fault);
      const warnings = flags.logsRequests
        ? await readFileWarnings(project.current, (name) => surroundings.env[name]).catch(() => [])
        : [];
      for (const text of warnings) if (!told.has(text)) output.warn(text);
      told = new Set([...faults.map(({ message }) => message), ...warnings]);
    };
    const following = followFiles({ project, store, emulator, output, onError, onChange }, watching.signal);
    if (readyFile !== null) writeReadyFile(readyFile, { url: listening.url, port: listening.port, pid: process.pid });
    const followed = following.catch(onError);
    return {
      ...listening,
      store: location,
      keys,
      async close() {
        watching.abort();
        await followed;
        if (readyFile !== null) rmSync(readyFile, { force: true });
        await listening.close();
        await store.close();
      },
    };
  } catch (error) {
    watching.abort();
    await emulator?.close();
    await store.close();
    throw error;
  }
}

interface Whole {
  opened: Project;
  project: FollowedProject;
  store: Store;
  logs: StoreLogs;
  surroundings: Surroundings;
  output: Output;
}

type Parts = SceneParts["parts"];

/** The engine over the project's files as they stand, and all else that the API answers from. */
function partsOf({ opened, project, store, logs, surroundings, output }: Whole): Parts {
  const { cwd, env } = surroundings;
  const { definitions } = project;
  const faults = new Faults();
  const tracking = new OwnTracking();
  const guides = guidesOf(project, cwd);
  const operations = localEngine(
    overEnvironment(definitions, (environment) => tracking.over(faults.over(environment))),
    store,
    surroundings,
    {
      around: (next) => (channel) => faults.providerFor(channel, next),
      guides: (context) => guideOperations(context, guides),
      contentsInLocale,
      warn: (text) => output.warn(text),
    },
  );
  return {
    operations,
    definitions,
    faults,
    webhooks: {
      log: logs.outbound,
      fetcher: outside,
      configured: async () => {
        const { name, private_addresses } = await definitions.environment();
        return { webhooks: await project.webhooks(), environment: name, private_addresses };
      },
      onAttempt: (delivery) => printWebhook(deliveryShape(delivery), output),
    },
    sources: openSources({ project: opened, definitions, operations, log: logs.sources }, cwd, output, env),
    links: logs.links,
    onListening: (url) => tracking.listen(url),
    environment: definitions.environment,
    readVariable: (name) => env[name],
    async reset({ recipients }) {
      await operations.resetClock();
      await operations.clear({ keepRecipients: recipients });
      await logs.sources.clear();
      await applyRecipientsFiles(project.current, store);
    },
    onError(error) {
      output.warn(messageOf(error));
      if (env.KNOCK_DEBUG === "1" && error instanceof Error) output.errorLine(String(error.stack));
    },
  };
}
