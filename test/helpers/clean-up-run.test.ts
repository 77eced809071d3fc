import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { startCleanUp } from "./clean-up-run.mjs";
import { WAIT_OPTIONS } from "./eventually.js";
import { describeOnPostgres, PostgresServer, withClient } from "./postgres-server.js";

const SCRIPT = pathToFileURL(join(import.meta.dirname, "clean-up-run.mjs")).href;
const IDLE = "setInterval(() => {}, 60_000);";

/** Creates the folder of a test run with a file. */
function createRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "knock-run-"));
  chmodSync(folder, 0o711); // PostgreSQL runs as another user
  writeFileSync(join(folder, "left.txt"), "left");
  return folder;
}

/** Starts a process in place of the main process of a test run, and waits until its clean-up runs. */
async function startRun(folder: string) {
  const source = `import(${JSON.stringify(SCRIPT)}).then(({ startCleanUp }) => { startCleanUp(${JSON.stringify(folder)}); console.log("started"); ${IDLE} });`;
  const run = spawn(process.execPath, ["-e", source], { stdio: ["ignore", "pipe", "inherit"] });
  await once(run.stdout, "data");
  return run;
}

describeOnPostgres("a test run that is interrupted", () => {
  it.for(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
    "leaves no server, no other process and no file behind after %s",
    async (signal) => {
      const folder = createRunFolder();
      const server = await PostgresServer.start({ parent: folder });
      onTestFinished(() => server.remove());
      const env = { ...process.env, TMPDIR: join(folder, "sample") };
      const orphan = spawn(process.execPath, ["-e", IDLE], { stdio: "ignore", detached: true, env });
      onTestFinished(() => void orphan.kill("SIGKILL"));
      const orphanEnd = once(orphan, "exit");
      const run = await startRun(folder);
      run.kill(signal);
      expect((await orphanEnd)[1]).toBe("SIGKILL");
      await vi.waitFor(() => expect(existsSync(folder)).toBe(false), WAIT_OPTIONS);
      await expect(withClient(server.getUrl("postgres"), (client) => client.query("SELECT 1"))).rejects.toThrow(
        "ECONNREFUSED",
      );
    },
  );

  it("deletes the files of a run that has finished, and kills no process", async () => {
    const folder = createRunFolder();
    const env = { ...process.env, TMPDIR: folder };
    const other = spawn(process.execPath, ["-e", IDLE], { stdio: "ignore", env });
    onTestFinished(() => void other.kill("SIGKILL"));
    await startCleanUp(folder)();
    expect([existsSync(folder), other.exitCode, other.signalCode]).toEqual([false, null, null]);
  });
});
