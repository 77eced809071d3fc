import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { afterAll, describe, expect } from "vitest";
import { cliTest as it, quoteShellWord, type Sample } from "../helpers/run-knock.js";
import { canTrace, killAfter, killAtWrite, listWrites } from "./kill-command.js";
import { getLongRuns, getTestLimit, reportFigures } from "./long-runs.js";

const STORE = ".knock-local/store.db";
const FOLDER = `${STORE}.snapshots`;
/** The number of kills of each kind. */
const KILLS = getLongRuns("crash", 60, 5);

const figures = { killed_restores: 0, killed_saves: 0, full_disks: 0 };

afterAll(() => reportFigures("crash", figures, "crash-snapshots"));

const snapshot = (sample: Sample, ...args: string[]) => sample.knock(["store", "snapshot", ...args]);

/** Fills a store: `old` is a snapshot of it, and the store itself has more runs. */
async function fillStore(sample: Sample): Promise<void> {
  const write = async (count: number): Promise<void> => {
    const lines = Array.from({ length: count }, (_, index) =>
      JSON.stringify({ key: "welcome", recipients: [{ id: `u${index}`, email: `u${index}@example.com` }] }),
    );
    sample.write("triggers.jsonl", lines.join("\n"));
    expect((await sample.knock(["notify", "--file", "triggers.jsonl", "--quiet"])).exitCode).toBe(0);
  };
  await write(300);
  expect((await snapshot(sample, "save", "old")).exitCode).toBe(0);
  await write(200);
  expect((await snapshot(sample, "save", "new")).exitCode).toBe(0);
}

/** Returns the snapshot that the store is equal to. */
async function findEqualSnapshot(sample: Sample): Promise<string | null> {
  for (const name of ["old", "new"])
    if ((await snapshot(sample, "diff", name)).stdout.includes("no differences")) return name;
  return null;
}

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;

describe("snapshots in a crash", () => {
  it.skipIf(!canTrace)(
    "a restore that is killed at a write leaves the old or the new store",
    { timeout: getTestLimit("crash") },
    async ({ collab }) => {
      await fillStore(collab);
      cpSync(collab.path(".knock-local"), collab.path("kept"), { recursive: true });
      const reset = (): void => {
        rmSync(collab.path(".knock-local"), { recursive: true });
        cpSync(collab.path("kept"), collab.path(".knock-local"), { recursive: true });
      };
      const restore = ["store", "snapshot", "restore", "old"];
      reset();
      const writes = await listWrites(collab, restore);
      expect(await findEqualSnapshot(collab)).toBe("old");
      for (let index = 0; index < KILLS; index++) {
        reset();
        if (await killAtWrite(collab, restore, pick(writes))) figures.killed_restores++;
        expect(await findEqualSnapshot(collab)).not.toBeNull();
        expect((await snapshot(collab, "restore", "old")).exitCode).toBe(0);
        expect(await findEqualSnapshot(collab)).toBe("old");
      }
      expect(figures.killed_restores).toBeGreaterThan(0);
    },
  );

  it("a save that is killed leaves no snapshot or a complete one, and the next save removes its file", {
    timeout: getTestLimit("crash"),
  }, async ({ collab }) => {
    await fillStore(collab);
    for (let index = 0; index < KILLS; index++) {
      const name = `killed-${index}`;
      if (await killAfter(collab, ["store", "snapshot", "save", name], 40 + Math.random() * 200))
        figures.killed_saves++;
      if (existsSync(collab.path(FOLDER, `${name}.db`)))
        expect((await snapshot(collab, "diff", name)).stdout).toContain("no differences");
      else expect((await snapshot(collab, "save", name)).exitCode).toBe(0);
      expect(readFileSync(collab.path(FOLDER, "new.db")).length).toBeGreaterThan(0);
    }
    await snapshot(collab, "save", "last");
    expect(readdirSync(collab.path(FOLDER)).filter((file) => file.includes(".tmp"))).toEqual([]);
    expect(await findEqualSnapshot(collab)).toBe("new");
  });

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

  /** Saves a snapshot in a folder on a full disk. */
  async function saveOnFullDisk(sample: Sample, args: readonly string[]) {
    const words = ["store", "snapshot", "save", ...args].map(quoteShellWord).join(" ");
    if (!canMount) return sample.shell(`ulimit -f 400; exec knock ${words}`);
    const [folder, aside] = [sample.path(FOLDER), sample.path("aside")];
    cpSync(folder, aside, { recursive: true });
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    const kilobytes =
      readdirSync(aside).length * 4 + 600 + Math.ceil(readFileSync(sample.path("aside", "old.db")).length / 1_024);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", folder]);
    try {
      for (const file of ["old.db", ".gitignore"]) cpSync(sample.path("aside", file), sample.path(FOLDER, file));
      const result = await sample.shell(`exec knock ${words}`);
      rmSync(aside, { recursive: true });
      cpSync(folder, aside, { recursive: true });
      return result;
    } finally {
      execFileSync("umount", [folder]);
      cpSync(aside, folder, { recursive: true });
    }
  }

  it.skipIf(process.platform === "win32")(
    "a save on a full disk names the file, removes it, and keeps the snapshot that it would replace",
    { timeout: getTestLimit("crash") },
    async ({ collab }) => {
      await fillStore(collab);
      const old = readFileSync(collab.path(FOLDER, "old.db"));
      for (const args of [["more"], ["old", "--force"]]) {
        const { exitCode, stderr } = await saveOnFullDisk(collab, args);
        expect([exitCode, stderr]).toEqual([
          3,
          expect.stringMatching(/the snapshot \S+\.db could not be written: .+\nhint: Check/),
        ]);
        figures.full_disks++;
        expect(readdirSync(collab.path(FOLDER)).filter((file) => /tmp|more/.test(file))).toEqual([]);
        expect(readFileSync(collab.path(FOLDER, "old.db")).equals(old)).toBe(true);
      }
      expect((await snapshot(collab, "restore", "old")).exitCode).toBe(0);
    },
  );
});
