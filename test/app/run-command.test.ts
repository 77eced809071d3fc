import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Interruption, type ProcessIO } from "../../src/app/process-io.js";
import { runCommand } from "../../src/app/run-command.js";
import { eventually } from "../helpers/eventually.js";
import { TemporaryProject } from "../helpers/temporary-project.js";

let project: TemporaryProject;
let stop: AbortController;

beforeEach(() => {
  stop = new AbortController();
  project = new TemporaryProject({
    // Says so once it is there; ends with 5 a moment after a signal, and tells how many it got by then.
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
  const surroundings = { cwd: project.root, signal: stop.signal } as ProcessIO;
  // A process that a failed test leaves behind must not hold the worker's outputs: Vitest would wait for it at the end.
  return runCommand(`exec > output 2>&1; ${command}`, { PATH: process.env.PATH ?? "" }, surroundings, grace_ms);
};

/** The number in a file that a command writes, once it is there. */
const number = (file: string): Promise<number> =>
  eventually(() => (existsSync(project.path(file)) ? Number(readFileSync(project.path(file), "utf8")) : null));

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The number stays for a moment, until somebody has asked what became of it. */
const ended = (...pids: number[]): Promise<boolean> => eventually(() => !pids.some(isThere));

describe("a shell command of knock dev --exec", () => {
  it("does not begin once the stop has been asked for: nobody would end it", async () => {
    stop.abort();
    expect(await run("touch begun")).toBe(143);
    expect(existsSync(project.path("begun"))).toBe(false);
  });

  it("is ended with all that came of it", async () => {
    const running = run(
      `(sleep 600 & echo $! > child; wait) & sh -c 'sh -c "echo \\$\\$ > pid; exec sleep 600"; true'; touch on`,
    );
    const pids = [await number("child"), await number("pid")];
    stop.abort(new Interruption("SIGTERM"));
    expect(await running).toBe(143);
    await ended(...pids);
    expect(existsSync(project.path("on"))).toBe(false);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends with what it makes of %s, which it gets once", async (signal) => {
    const running = run("cd . && node counts.cjs; touch on");
    await number("pid");
    stop.abort(new Interruption(signal));
    expect(await running).toBe(5);
    expect(await number("seen")).toBe(1);
    expect(existsSync(project.path("on"))).toBe(false);
  });

  it("is waited for where its shell ends first, as a shell that waits for background commands does", async () => {
    const running = run("node counts.cjs & wait");
    await number("pid");
    stop.abort(new Interruption("SIGTERM"));
    expect(await running).toBe(143);
    expect(existsSync(project.path("seen"))).toBe(true);
  });

  it("is killed where it does not end in time", async () => {
    const running = run(
      "trap '' TERM; (trap '' TERM; sleep 600; sleep 600) & echo $! > pid; sleep 600; sleep 600",
      200,
    );
    const pid = await number("pid");
    stop.abort(new Interruption("SIGTERM"));
    expect(await running).toBe(137);
    await ended(pid);
  });

  it("a background command that a shell had ignore Ctrl-C does not outlive it", async () => {
    const running = run("sh -c 'echo $$ > pid; sleep 600; sleep 600' & sleep 600");
    const pid = await number("pid");
    stop.abort(new Interruption("SIGINT"));
    expect(await running).toBe(130);
    await ended(pid);
  });

  it("that ends by itself leaves alone what it left behind", async () => {
    expect(await run("sleep 600 & echo $! > pid; exit 3")).toBe(3);
    const pid = await number("pid");
    expect(isThere(pid)).toBe(true);
    process.kill(pid);
  });
});
