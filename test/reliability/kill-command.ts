import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sample } from "../helpers/run-knock.js";
import { BIN } from "../helpers/run-knock.js";

/** The system calls with which SQLite changes its files. */
const WRITES = ["pwrite64", "ftruncate", "fsync", "fdatasync", "unlink"];

const MAX_DURATION_MS = 500_000;

/** Whether commands can be killed at a certain write: strace is installed, and may trace. */
export const canTrace = ((): boolean => {
  try {
    execFileSync("strace", ["-qq", "-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const SHIFT_CLOCK = resolve(import.meta.dirname, "shift-clock.cjs");

/** Returns the variables of a process whose system clock differs by some milliseconds. */
function buildEnvironment(sample: Sample, clockShift = 0): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: sample.home,
    TZ: "UTC",
    LANG: "C.UTF-8",
    XDG_CACHE_HOME: sample.path("..", "cache"),
    ...(clockShift === 0
      ? {}
      : { NODE_OPTIONS: `--require "${SHIFT_CLOCK}"`, KNOCK_TEST_CLOCK_SHIFT: String(clockShift) }),
  };
}

/** Runs a program to its end. Returns the signal that ended it, or its exit code. */
async function runToEnd(sample: Sample, program: string, args: readonly string[]): Promise<NodeJS.Signals | number> {
  const child = spawn(program, args, {
    cwd: sample.dir,
    env: buildEnvironment(sample),
    stdio: "ignore",
    timeout: MAX_DURATION_MS,
    killSignal: "SIGABRT",
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return signal ?? (code as number);
}

/** Runs a command whose system clock differs by some milliseconds. */
export function runWithClock(
  sample: Sample,
  args: readonly string[],
  clockShift: number,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const options = { cwd: sample.dir, env: buildEnvironment(sample, clockShift) };
    execFile(process.execPath, [BIN, ...args], options, (error, stdout, stderr) =>
      done({ exitCode: error === null ? 0 : Number(error.code ?? -1), stdout: stdout.trimEnd(), stderr }),
    );
  });
}

/** Returns arguments of strace that trace the writes to the store. */
function traceWrites(sample: Sample, output: string, more: readonly string[] = []): string[] {
  const files = ["", "-wal", "-shm"].map((suffix) => sample.path(`.knock-local/store.db${suffix}`));
  return [
    ...["-f", "-qq", "-o", output, "-e", `trace=${WRITES.join(",")}`, "-e", "signal=none"],
    ...[...files.flatMap((file) => ["-P", file]), ...more, process.execPath, BIN],
  ];
}

/** A write to the store: a system call, and how many calls of the same kind it follows. */
export interface StoreWrite {
  call: string;
  count: number;
}

/** Runs a command, and returns its writes to the store in order. */
export async function listWrites(sample: Sample, args: readonly string[]): Promise<StoreWrite[]> {
  const log = sample.path("..", "writes.txt");
  const end = await runToEnd(sample, "strace", [...traceWrites(sample, log), ...args]);
  if (end !== 0) throw new Error(`${args.join(" ")} ended with ${end}`);
  const counts = new Map<string, number>();
  return [...readFileSync(log, "utf8").matchAll(/^\d+ +(\w+)\(/gm)].map(([, call = ""]) => {
    const count = (counts.get(call) ?? 0) + 1;
    counts.set(call, count);
    return { call, count };
  });
}

/** Runs a command that is killed before a write to the store. Returns whether it was killed. */
export async function killAtWrite(sample: Sample, args: readonly string[], write: StoreWrite): Promise<boolean> {
  const inject = ["-e", `inject=${write.call}:signal=SIGKILL:when=${write.count}`];
  const end = await runToEnd(sample, "strace", [...traceWrites(sample, "/dev/null", inject), ...args]);
  return end === "SIGKILL";
}

/**
 * Runs a command that is killed when `reached` resolves. Returns whether it was killed before its end. Its system clock may
 * differ from that of the machine.
 */
export async function killWhen(
  sample: Sample,
  args: readonly string[],
  reached: Promise<unknown>,
  clockShift = 0,
): Promise<boolean> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: sample.dir,
    env: buildEnvironment(sample, clockShift),
    stdio: "ignore",
  });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  await Promise.race([reached, ended]);
  child.kill("SIGKILL");
  const [, signal] = await ended;
  return signal === "SIGKILL";
}

/** Runs a command that is killed after some milliseconds. Returns whether it was killed before its end. */
export async function killAfter(
  sample: Sample,
  args: readonly string[],
  milliseconds: number,
  clockShift = 0,
): Promise<boolean> {
  const timer = new AbortController();
  const reached = sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => {});
  const isKilled = await killWhen(sample, args, reached, clockShift);
  timer.abort();
  return isKilled;
}
