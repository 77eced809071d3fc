import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { EmulatorFlags, OpenedEmulator } from "../commands/context.js";
import type { Environment } from "../domain/environment.js";
import type { GuideSet } from "../domain/guide.js";
import { webhookNotices } from "../domain/webhook.js";
import { Faults } from "../emulator/faults.js";
import { type Emulator, openEmulator } from "../emulator/open-emulator.js";
import { OwnTracking } from "../emulator/own-tracking.js";
import { deliveryShape } from "../emulator/webhooks/webhook-delivery.js";
import { contentsInLocale } from "../engine/contents-in-locale.js";
import { guideOperations } from "../engine/guides/guide-operations.js";
import { KnockError, messageOf } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import { printChange } from "../output/print-change.js";
import { warnHeld } from "../output/print-clock.js";
import { printWebhook } from "../output/print-webhook.js";
import { RequestLog } from "../output/request-log.js";
import type { Definitions } from "../ports/definitions.js";
import type { Project } from "../project/open-project.js";
import { readGuides } from "../project/read-guides.js";
import type { ProjectChange } from "../project/survey-project.js";
import { openGroupingStore } from "../store/sqlite/grouping-store.js";
import { outboundLogOf } from "../store/sqlite/outbound-log.js";
import { sourceLogOf } from "../store/sqlite/source-log.js";
import { trackedLinksOf } from "../store/sqlite/tracked-links.js";
import { FollowedProject } from "./followed-project.js";
import { applyRecipientsFiles, localEngine, outside } from "./open-local.js";
import { openSources } from "./open-sources.js";
import type { Surroundings } from "./surroundings.js";
import { watchFolder } from "./watch-folder.js";

/** Written aside and renamed: who waits for it never reads half of it. */
function writeReadyFile(path: string, content: { url: string; port: number; pid: number }): void {
  const aside = `${path}.${content.pid}`;
  try {
    writeFileSync(aside, `${JSON.stringify(content)}\n`);
    renameSync(aside, path);
  } catch (error) {
    throw new KnockError("usage", `--ready-file: ${messageOf(error)}`, { cause: error });
  }
}

/** One of an earlier run would say that this one is ready. */
function removeReadyFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw new KnockError("usage", `--ready-file: ${messageOf(error)}`, { cause: error });
  }
}

/** Where the build puts the page: beside the bundle, and from the sources' folder as seen from a test. */
const PAGE = ["page.html", "../../dist/page.html"];

/** Read anew for each visit, so that a build shows at once. */
async function readPage(): Promise<string | null> {
  const file = PAGE.map((path) => join(import.meta.dirname, path)).find((path) => existsSync(path));
  return file === undefined ? null : readFileSync(file, "utf8");
}

/** What a change is to webhooks; what is removed, or broken, is none. */
const UPDATED: Partial<Record<ProjectChange["kind"], string>> = {
  workflow: "workflow.updated",
  layout: "email_layout.updated",
  partial: "partial.updated",
  translation: "translation.updated",
};

/** A project's guides, each state of its files read once; what has no effect in them is told once. */
function guidesOf(followed: FollowedProject, cwd: string, output: Output): () => Promise<GuideSet> {
  const sets = new WeakMap<Project, Promise<GuideSet>>();
  const told = new Set<string>();
  const read = async (project: Project): Promise<GuideSet> => {
    const set = await readGuides(project, await followed.definitions.environment(), cwd);
    for (const text of set.warnings) if (!told.has(text)) output.warn(text);
    for (const text of set.warnings) told.add(text);
    return set;
  };
  return () => {
    const project = followed.current;
    const known = sets.get(project) ?? read(project);
    sets.set(project, known);
    return known;
  };
}

/** Definitions, a branch's included, with something laid over their environment. */
function overEnvironment(definitions: Definitions, over: (environment: Environment) => Environment): Definitions {
  const laid: Definitions = {
    ...definitions,
    environment: async () => over(await definitions.environment()),
    branch(slug) {
      const found = definitions.branch?.(slug) ?? null;
      if (found === null || found === definitions) return found && laid;
      return overEnvironment(found, over);
    },
  };
  return laid;
}

/** The local API over a project's files and store. Changed recipients files are applied as they change. */
export async function openProjectEmulator(
  opened: Project,
  location: string,
  flags: EmulatorFlags,
  surroundings: Surroundings,
  output: Output,
): Promise<OpenedEmulator> {
  const { cwd, env } = surroundings;
  const readyFile = flags.readyFile === null ? null : resolve(cwd, flags.readyFile);
  if (readyFile !== null) removeReadyFile(readyFile);
  const project = new FollowedProject(opened, cwd);
  const { definitions } = project;
  // What is wrong with the environment is said before anything listens.
  const { keys } = (await definitions.environment()).access;
  for (const notice of webhookNotices(await project.webhooks())) output.warn(notice);
  const faults = new Faults();
  const tracking = new OwnTracking();
  const store = await openGroupingStore(location, { watchUsers: opened.hasAudiences() });
  const watching = new AbortController();
  let emulator: Emulator | undefined;
  try {
    await applyRecipientsFiles(opened, store);
    const guides = guidesOf(project, cwd, output);
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
    const sources = openSources({ project: opened, definitions, operations, store }, cwd, output);
    const onError = (error: unknown): void =>
      output.warn(env.KNOCK_DEBUG === "1" && error instanceof Error ? String(error.stack) : messageOf(error));
    const tellFaults = async (): Promise<void> => {
      for (const fault of (await operations.resources.guides?.faults())?.values() ?? []) onError(fault);
    };
    const listening = await openEmulator({
      operations,
      definitions,
      faults,
      webhooks: {
        log: outboundLogOf(store),
        fetcher: outside,
        configured: async () => ({
          webhooks: await project.webhooks(),
          environment: (await definitions.environment()).name,
        }),
        onAttempt: (delivery) => printWebhook(deliveryShape(delivery), output),
      },
      sources,
      links: trackedLinksOf(store),
      onListening: (url) => tracking.listen(url),
      environment: definitions.environment,
      readPage,
      readVariable: (name) => env[name],
      async reset({ recipients }) {
        await operations.resetClock();
        await operations.clear({ keepRecipients: recipients });
        await sourceLogOf(store).clear();
        await applyRecipientsFiles(project.current, store);
      },
      host: flags.host,
      port: flags.port,
      rateLimits: flags.rateLimits,
      ...(flags.logsRequests ? { onAnswered: new RequestLog(output).add } : {}),
      onHeld: (held) => warnHeld(held, output),
      onError,
    });
    emulator = listening;
    const changed = watchFolder(
      opened.knockDir,
      () => false,
      watching.signal,
      () => project.renew(),
    );
    if (readyFile !== null) writeReadyFile(readyFile, { url: listening.url, port: listening.port, pid: process.pid });
    const following = (async () => {
      do {
        project.renew();
        const changes = await project.changes();
        const isBroken = changes.some(({ kind, change }) => kind === "recipients" && change === "broken");
        if (!isBroken) await applyRecipientsFiles(project.current, store).catch(onError);
        await tellFaults().catch(onError);
        for (const one of changes) {
          printChange({ ...one, kept: project.hasGood(one) }, output);
          const type = UPDATED[one.kind];
          // A branch's files are nobody's yet but who asks for it.
          if (one.branch !== null) continue;
          if (type !== undefined && one.document !== null && one.change !== "removed")
            await listening.publish(type, one.document);
        }
      } while (await changed());
    })().catch(onError);
    return {
      ...listening,
      store: location,
      keys,
      async close() {
        watching.abort();
        await following;
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
