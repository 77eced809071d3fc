import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Interruption, type ProcessIO } from "../../../src/context/process-io.js";
import { runCommand } from "../../../src/features/dev/run-command.js";
import { eventually } from "../../helpers/eventually.js";
import { TemporaryProject } from "../../helpers/temporary-project.js";

let project: TemporaryProject;
let stop: AbortController;

beforeEach(() => {
  stop = new AbortController();
  project = new TemporaryProject({
    // Writes its process id when it runs. Exits with 5 shortly after a signal, and writes how many signals it got until
    // then.
    "counts.cjs": `const { writeFileSync } = require("node:fs");
let seen = 0;
const end = () => { if (++seen === 1) setTimeout(() => { writeFileSync("seen", String(seen)); process.exit(5); }, 300); };
process.on("SIGINT", end).on("SIGTERM", end);
setInterval(() => {}, 1000);
writeFileSync("pid", String(process.pid));`,
  });
});

afterEach(() => project.remove());

const run = (command: string, grace_ms?: number): Promise<number> => {
  const io = { cwd: project.root, signal: stop.signal } as ProcessIO;
  // A process that a failed test leaves behind must not keep the worker's output streams, or Vitest waits for it at the
  // end.
  return runCommand(`exec > output 2>&1; ${command}`, { PATH: process.env.PATH ?? "" }, io, grace_ms);
};

/** Returns the number in a file that a command writes, as soon as it exists. */
const number = (file: string): Promise<number> =>
  eventually(() => (existsSync(project.path(file)) ? Number(readFileSync(project.path(file), "utf8")) : null));

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * Waits until the processes no longer exist. A process id stays for a moment, until its parent has read its exit code.
 */
const ended = (...pids: number[]): Promise<boolean> => eventually(() => !pids.some(isThere));

describe("a shell command of knock dev --exec", () => {
  it("does not start after the stop was requested, because nothing would end it", async () => {
    stop.abort();
    expect(await run("touch begun")).toBe(143);
    expect(existsSync(project.path("begun"))).toBe(false);
  });

  it("is ended with all its child processes", async () => {
    const running = run(
      `(sleep 600 & echo $! > child; wait) & sh -c 'sh -c "echo \\$\\$ > pid; exec sleep 600"; true'; touch on`,
    );
    const pids = [await number("child"), await number("pid")];
    stop.abort(new Interruption("SIGTERM"));
    expect(await running).toBe(143);
    await ended(...pids);
    expect(existsSync(project.path("on"))).toBe(false);
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "exits with the code that its %s handler sets, and gets the signal once",
    async (signal) => {
      const running = run("cd . && node counts.cjs; touch on");
      await number("pid");
      stop.abort(new Interruption(signal));
      expect(await running).toBe(5);
      expect(await number("seen")).toBe(1);
      expect(existsSync(project.path("on"))).toBe(false);
    },
  );

  it("is awaited when its shell ends first, like a shell that waits for background commands", async () => {
    const running = run("node counts.cjs & wait");
    await number("pid");
    stop.abort(new Interruption("SIGTERM"));
    expect(await running).toBe(143);
    expect(existsSync(project.path("seen"))).toBe(true);
  });

  it("is killed when it does not end in time", async () => {
    const running = run(
      "trap '' TERM; (trap '' TERM; sleep 600; sleep 600) & echo $! > pid; sleep 600; sleep 600",
      200,
    );
    const pid = await number("pid");
    stop.abort(new Interruption("SIGTERM"));
    expect(await running).toBe(137);
    await ended(pid);
  });

  it("leaves no background command that ignores Ctrl-C", async () => {
    const running = run("sh -c 'echo $$ > pid; sleep 600; sleep 600' & sleep 600");
    const pid = await number("pid");
    stop.abort(new Interruption("SIGINT"));
    expect(await running).toBe(130);
    await ended(pid);
  });

  it("leaves its background processes running when it ends by itself", async () => {
    expect(await run("sleep 600 & echo $! > pid; exit 3")).toBe(3);
    const pid = await number("pid");
    expect(isThere(pid)).toBe(true);
    process.kill(pid);
  });
});
