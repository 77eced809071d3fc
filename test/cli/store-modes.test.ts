import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { describe, expect } from "vitest";
import { cliTest as it } from "../helpers/run-knock.js";

const readMode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const NOTIFY = 'knock notify new-comment --recipients ada --actor alan --data \'{"page":"Home"}\'';

describe("the local store", () => {
  it.for(["000", "022", "077"])("is accessible for its owner only, with umask %s", async (umask, { collab }) => {
    // The log and its index exist while knock dev runs.
    collab.write(
      "modes.cjs",
      `const { readdirSync, statSync } = require("node:fs");
for (const name of readdirSync(".knock-local"))
  console.log(name, (statSync(".knock-local/" + name).mode & 0o777).toString(8));`,
    );
    const { stdout, exitCode } = await collab.shell(`umask ${umask}; knock dev --port 0 --exec "node modes.cjs"`);
    expect(exitCode).toBe(0);
    const modes = new Map(stdout.split("\n").map((line) => line.split(" ") as [string, string]));
    for (const name of ["store.db", "store.db-wal", "store.db-shm", ".gitignore"])
      expect([name, modes.get(name)]).toEqual([name, "600"]);
    expect(readMode(collab.path(".knock-local"))).toBe("700");
  });

  it("creates each folder and file of --store for the owner only, and leaves existing folders unchanged", async ({
    collab,
  }) => {
    mkdirSync(collab.path("shared"));
    chmodSync(collab.path("shared"), 0o755);
    expect((await collab.shell(`umask 000; ${NOTIFY} --store shared/one.db`)).exitCode).toBe(0);
    expect((await collab.shell(`umask 000; ${NOTIFY} --store new/deep/two.db`)).exitCode).toBe(0);
    const shown = ["shared", "shared/one.db", "new", "new/deep", "new/deep/two.db"].map((name) =>
      readMode(collab.path(name)),
    );
    expect(shown).toEqual(["755", "600", "700", "700", "600"]);
    expect(readdirSync(collab.path("shared")).every((name) => readMode(collab.path("shared", name)) === "600")).toBe(
      true,
    );
  });

  it("keeps the modes of existing files", async ({ collab }) => {
    await collab.openStore();
    chmodSync(collab.path(".knock-local"), 0o750);
    chmodSync(collab.path(".knock-local/store.db"), 0o640);
    expect((await collab.shell(NOTIFY)).exitCode).toBe(0);
    expect([readMode(collab.path(".knock-local")), readMode(collab.path(".knock-local/store.db"))]).toEqual([
      "750",
      "640",
    ]);
    expect(existsSync(collab.path(".knock-local/.gitignore"))).toBe(true);
  });
});
