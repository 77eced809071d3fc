import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { EmulatorFlags, OpenedEmulator } from "../commands/context.js";
import { openEmulator } from "../emulator/open-emulator.js";
import { KnockError, messageOf } from "../errors/knock-error.js";
import type { Output } from "../output/output.js";
import { warnHeld } from "../output/print-clock.js";
import type { Definitions } from "../ports/definitions.js";
import { openProject, type Project } from "../project/open-project.js";
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

/** Where the build puts the page: beside the bundle, and from the sources' folder as seen from a test. */
const PAGE = ["page.html", "../../dist/page.html"];

/** Read anew for each visit, so that a build shows at once. */
async function readPage(): Promise<string | null> {
  const file = PAGE.map((path) => join(import.meta.dirname, path)).find((path) => existsSync(path));
  return file === undefined ? null : readFileSync(file, "utf8");
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
    const operations = localEngine(definitions, store, surroundings);
    const onError = (error: unknown): void =>
      output.warn(env.KNOCK_DEBUG === "1" && error instanceof Error ? String(error.stack) : messageOf(error));
    const emulator = await openEmulator({
      operations,
      environment: definitions.environment,
      workflows: definitions,
      readPage,
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
