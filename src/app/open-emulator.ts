import { renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { EmulatorFlags, OpenedEmulator } from "../commands/context.js";
import type { GuideSet } from "../domain/guide.js";
import { openEmulator } from "../emulator/open-emulator.js";
import { guideOperations } from "../engine/guides/guide-operations.js";
import { KnockError, messageOf } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import { warnHeld } from "../output/print-clock.js";
import type { Definitions } from "../ports/definitions.js";
import { openProject, type Project } from "../project/open-project.js";
import { readGuides } from "../project/read-guides.js";
import { openSqliteStore } from "../store/sqlite/open-sqlite-store.js";
import { applyRecipientsFiles, localEngine } from "./open-local.js";
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

/** A project that is read anew once its files have changed. */
function following(first: Project): {
  current: () => Project;
  renew: (project: Project) => void;
  definitions: Definitions;
} {
  let project = first;
  return {
    current: () => project,
    renew: (next) => {
      project = next;
    },
    definitions: {
      workflow: (key) => project.workflow(key),
      workflowKeys: () => project.workflowKeys(),
      environment: () => project.environment(),
      audiences: () => project.audiences(),
      emailLayout: (key) => project.emailLayout(key),
      partial: (key) => project.partial(key),
      translations: () => project.translations(),
    },
  };
}

/** A project's guides, each state of its files read once; what has no effect in them is told once. */
function guidesOf(current: () => Project, cwd: string, output: Output): () => Promise<GuideSet> {
  const sets = new WeakMap<Project, Promise<GuideSet>>();
  const told = new Set<string>();
  const read = async (project: Project): Promise<GuideSet> => {
    const set = await readGuides(project, await project.environment(), cwd);
    for (const text of set.warnings) if (!told.has(text)) output.warn(text);
    for (const text of set.warnings) told.add(text);
    return set;
  };
  return () => {
    const project = current();
    const known = sets.get(project) ?? read(project);
    sets.set(project, known);
    return known;
  };
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
  // One of an earlier run would say that this one is ready.
  if (readyFile !== null) rmSync(readyFile, { force: true });
  await opened.environment(); // what is wrong with it is said before anything listens
  const { current, renew, definitions } = following(opened);
  const store = await openSqliteStore(location, { watchUsers: opened.hasAudiences() });
  const watching = new AbortController();
  try {
    await applyRecipientsFiles(opened, store);
    const guides = guidesOf(current, cwd, output);
    const operations = localEngine(definitions, store, surroundings, {
      guides: (context) => guideOperations(context, guides),
    });
    const onError = (error: unknown): void =>
      output.warn(env.KNOCK_DEBUG === "1" && error instanceof Error ? String(error.stack) : messageOf(error));
    const tellFaults = async (): Promise<void> => {
      for (const fault of (await operations.resources.guides?.faults())?.values() ?? []) onError(fault);
    };
    await tellFaults();
    const emulator = await openEmulator({
      operations,
      environment: definitions.environment,
      readVariable: (name) => env[name],
      async reset({ recipients }) {
        await operations.resetClock();
        await operations.clear({ keepRecipients: recipients });
        await applyRecipientsFiles(current(), store);
      },
      host: flags.host,
      port: flags.port,
      rateLimits: flags.rateLimits,
      onHeld: (held) => warnHeld(held, output),
      onError,
    });
    const changed = watchFolder(opened.knockDir, () => false, watching.signal);
    void (async () => {
      while (await changed()) {
        renew(openProject(opened, cwd));
        await applyRecipientsFiles(current(), store).catch(onError);
        await tellFaults().catch(onError);
      }
    })();
    if (readyFile !== null) writeReadyFile(readyFile, { url: emulator.url, port: emulator.port, pid: process.pid });
    return {
      ...emulator,
      store: location,
      async close() {
        watching.abort();
        if (readyFile !== null) rmSync(readyFile, { force: true });
        await emulator.close();
        await store.close();
      },
    };
  } catch (error) {
    watching.abort();
    await store.close();
    throw error;
  }
}
