import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withDatabase } from "../../src/store/sqlite/connection/driver.js";
import { releaseClosedStores } from "../helpers/collect-garbage.js";
import { copyCommandForOthers } from "../helpers/copy-command-for-others.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { type CommandResult, quoteShellWord, type Sample } from "../helpers/run-knock.js";
import { CASES, type CrashCase, writeCrashProject } from "./crash-project.js";
import { CrashSample } from "./crash-sample.js";
import { runWithClock } from "./kill-command.js";
import { getLongRuns, getTestLimit, reportFigures } from "./long-runs.js";

/** The sizes of the disk for each case, and the changed places of each page of a damaged store. */
const DISK_SIZES = getLongRuns("crash", 30, 1);
const DAMAGED_PAGES = getLongRuns("crash", 3_000, 12);
const isLong = DISK_SIZES > 1;

const STORE = ".knock-local";
const OTHER_USER = 65_534;
const KILOBYTE = 1_024;
/** The shared memory of a log, which SQLite creates before it writes anything. */
const SHARED_MEMORY_KB = 32;

const figures = { full_disks: 0, failures_on_full_disks: 0, unusable_files: 0, damaged_pages: 0, reported_damage: 0 };

afterAll(() => reportFigures("crash", figures, "crash-store"));

/** Checks that a command succeeded, or failed with a documented error: a message and a hint, and no stack trace. */
function checkDocumentedEnd({ exitCode, stderr }: Pick<CommandResult, "exitCode" | "stderr">, ...exitCodes: number[]) {
  expect(exitCodes, stderr).toContain(exitCode);
  expect(stderr).not.toMatch(/\n\s+at |internal error|database is locked/);
  if (exitCode !== 0) expect(stderr).toMatch(/^error: .+\nhint: .+/m);
}

const runInShell = (sample: Sample, prefix: string, args: readonly string[]): Promise<CommandResult> =>
  sample.shell(`${prefix}exec knock ${args.map(quoteShellWord).join(" ")}`);

const countKilobytes = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + Math.ceil(statSync(join(folder, name)).size / KILOBYTE), 0);

/** Whether a disk of any size can be created in memory, which only root may do. Otherwise files get a limited size. */
const canMount = ((): boolean => {
  if (process.getuid?.() !== 0 || process.platform !== "linux") return false;
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Runs a command whose store is on a disk of this size. */
async function runOnSmallDisk(sample: Sample, kilobytes: number, args: readonly string[]): Promise<CommandResult> {
  if (!canMount) return runInShell(sample, `ulimit -f ${kilobytes * 2}; `, args);
  const [disk, aside] = [sample.path(STORE), sample.path("..", "aside")];
  renameSync(disk, aside);
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", disk]);
  try {
    cpSync(aside, disk, { recursive: true });
    const result = await runInShell(sample, "", args);
    rmSync(aside, { recursive: true });
    cpSync(disk, aside, { recursive: true });
    return result;
  } finally {
    execFileSync("umount", [disk]);
    rmSync(disk, { recursive: true });
    renameSync(aside, disk);
  }
}

describe.skipIf(process.platform === "win32")("a store on a full disk", () => {
  it.each(CASES)(
    "fails with a documented error, and loses and repeats nothing: $name",
    { timeout: getTestLimit("crash") },
    async (crashCase) => {
      const { killed } = crashCase;
      const crashed = await CrashSample.prepare(crashCase);
      try {
        const expected = await crashed.recover(killed);
        const { emails } = crashed.listEmails();
        crashed.restore();
        const before = countKilobytes(crashed.sample.path(STORE));
        for (let index = 0; index < DISK_SIZES; index++) {
          crashed.restore();
          // Between a disk on which nothing can be written and one that is almost large enough.
          const size = before + SHARED_MEMORY_KB + Math.floor(Math.random() ** 2 * 200);
          const result = await runOnSmallDisk(crashed.sample, size, killed);
          checkDocumentedEnd(result, 0, 3);
          figures.full_disks++;
          if (result.exitCode !== 0) figures.failures_on_full_disks++;
          expect(await crashed.recover(killed)).toEqual(expected);
          expect(crashed.listEmails().emails).toEqual(emails);
        }
      } finally {
        await crashed.remove();
      }
    },
  );
});

type Unusable = [name: string, fileMode: number, folderMode: number];

const UNUSABLE: Unusable[] = [
  ["a read-only file", 0o444, 0o755],
  ["a read-only folder", 0o644, 0o555],
  ["a file that may not be read", 0o000, 0o755],
  ["a folder that may not be read", 0o644, 0o000],
];

/** In the short form, each kind of file meets one command. */
const UNUSABLE_CASES = UNUSABLE.flatMap(([name, ...modes], index) =>
  CASES.filter((_, position) => isLong || position === index + 1).map(
    (crashCase): [string, string, CrashCase, number, number] => [name, crashCase.name, crashCase, ...modes],
  ),
);

describe.skipIf(process.platform === "win32")("a store in a file or folder without the needed rights", () => {
  let command: string | null = null;
  beforeAll(() => {
    // File modes do not stop the superuser, so that another user has to run the command.
    if (process.getuid?.() === 0) command = copyCommandForOthers();
  });
  afterAll(() => {
    if (command !== null) rmSync(command, { recursive: true });
  });

  it.each(UNUSABLE_CASES)(
    "fails with exit code 3, and changes nothing: %s, %s",
    async (_name, _case, crashCase, fileMode, folderMode) => {
      const crashed = await CrashSample.prepare(crashCase);
      const { sample } = crashed;
      const { killed } = crashCase;
      try {
        const expected = await crashed.recover(killed);
        crashed.restore();
        const folder = sample.path(STORE);
        const files = readdirSync(folder).map((name) => join(folder, name));
        chmodSync(sample.path(".."), 0o755);
        const user = command === null ? {} : { uid: OTHER_USER, gid: OTHER_USER };
        if (command !== null) for (const path of [folder, ...files]) chownSync(path, OTHER_USER, OTHER_USER);
        const digest = sample.storeDigest();
        for (const path of files) chmodSync(path, fileMode);
        chmodSync(folder, folderMode);
        const bin = command === null ? "knock" : `${process.execPath} ${join(command, "bin/knock.js")}`;
        const result = await sample.shell(`exec ${bin} ${killed.map(quoteShellWord).join(" ")}`, user);
        chmodSync(folder, 0o755);
        for (const path of files) chmodSync(path, 0o644);
        checkDocumentedEnd(result, 3);
        expect(sample.storeDigest()).toBe(digest);
        figures.unusable_files++;
        expect(await crashed.recover(killed)).toEqual(expected);
      } finally {
        await crashed.remove();
      }
    },
  );
});

describe("a damaged page of a store", () => {
  const PAGE_BYTES = 4_096;

  it("causes a documented error or none, in every page", { timeout: getTestLimit("crash") }, async () => {
    const crashCase = CASES.find(({ name }) => name.startsWith("a move of the clock")) as CrashCase;
    const crashed = await CrashSample.prepare(crashCase);
    const { sample } = crashed;
    try {
      const file = sample.path("..", "before", "store.db");
      const pages = statSync(file).size / PAGE_BYTES;
      const commands = [
        ["runs", "list", "--json"],
        ["messages", "list", "--json"],
        ["users", "list"],
        CASES[0]?.killed ?? [],
        ["cancel", "reminder", "c1"],
        crashCase.killed,
      ];
      const bytes = readFileSync(file);
      for (let count = 0; count < DAMAGED_PAGES; count++) {
        // All pages in the long form, evenly distributed ones in the short one.
        const page = isLong ? count % pages : Math.floor((count * pages) / DAMAGED_PAGES);
        const damaged = Buffer.from(bytes);
        const start = page * PAGE_BYTES;
        // A part of a page that a disk has not written, or other bytes in it.
        const from = start + Math.floor(Math.random() * PAGE_BYTES);
        const to = Math.min(start + PAGE_BYTES, from + 1 + Math.floor(Math.random() * 256));
        if (count % 3 === 0) damaged.fill(0, start, start + PAGE_BYTES);
        else for (let at = from; at < to; at++) damaged[at] = Math.floor(Math.random() * 256);
        crashed.restore();
        for (const name of readdirSync(sample.path(STORE))) rmSync(sample.path(STORE, name));
        writeFileSync(sample.path(STORE, "store.db"), damaged);
        const args = commands[count % commands.length] as string[];
        const result = await sample.knock(args);
        checkDocumentedEnd(result, 0, 3, 5);
        figures.damaged_pages++;
        if (result.exitCode === 3) figures.reported_damage++;
      }
    } finally {
      await crashed.remove();
    }
  });
});

describe("a store of a newer version", () => {
  inProcessTest("stays unchanged by every command, which exits with 3", async ({ empty }) => {
    writeCrashProject(empty, 9);
    expect((await empty.knock(["runs", "list"])).exitCode).toBe(0);
    withDatabase(empty.path(STORE, "store.db"), (database) => {
      const { user_version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
      database.exec(`PRAGMA user_version = ${user_version + 1}`);
    });
    // The end of that connection writes the version from the log into the file.
    await releaseClosedStores();
    const digest = empty.storeDigest();
    for (const args of [...CASES.map(({ killed }) => killed), ["runs", "list"], ["worker", "--once"]]) {
      const result = await empty.knock(args);
      checkDocumentedEnd(result, 3);
      expect(result.stderr).toContain("was written by a newer knock");
    }
    await releaseClosedStores();
    expect(empty.storeDigest()).toBe(digest);
  });
});

describe("a system clock that is set", () => {
  const HOUR_MS = 3_600_000;
  const DAY_MS = 24 * HOUR_MS;

  inProcessTest("forward and back neither loses nor repeats work", async ({ empty }) => {
    const smtp = await CrashSample.prepare({ name: "", before: [], killed: [] });
    try {
      copyFileSync(smtp.sample.path("knock/environment.json"), empty.write("knock/environment.json", ""));
      for (const name of ["knock.json", "knock/workflows/reminder/workflow.json"])
        empty.write(name, smtp.sample.read(name));
      const recipients = JSON.stringify([{ id: "ada", name: "ada", email: "ada@crash.test" }]);
      const notify = ["notify", "reminder", "-r", recipients, "--set", "page=p", "--idempotency-key", "k1", "--quiet"];
      const run = async (shift: number, args: readonly string[]) => {
        const result = await runWithClock(empty, args, shift);
        checkDocumentedEnd(result, 0);
        return result.stdout;
      };
      const id = await run(3 * DAY_MS, notify);
      // The run is due in three days. Its key returns the same run.
      expect(await run(0, notify)).toBe(id);
      for (const shift of [0, -3 * DAY_MS, 2 * DAY_MS]) await run(shift, ["worker", "--once"]);
      expect(smtp.emailCount).toBe(0);
      await run(3 * DAY_MS + 2 * HOUR_MS, ["worker", "--once"]);
      expect(smtp.emailCount).toBe(1);
      for (const shift of [0, -3 * DAY_MS, 9 * DAY_MS]) await run(shift, ["worker", "--once"]);
      expect(smtp.emailCount).toBe(1);
      expect(await run(0, notify)).toBe(id);
      expect(await run(0, ["runs", "list", "--quiet"])).not.toContain("\n");
    } finally {
      await smtp.remove();
    }
  });
});
