import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { collectGarbage } from "../../helpers/collect-garbage.js";
import { DEFAULT_MAX_MILLISECONDS, type FuzzTarget, type OpenFuzzTarget } from "./fuzz-target.js";
import type { Watchdog } from "./watchdog.js";

/** The folder of inputs that found a bug, by target. */
const FOUND_INPUTS = join(import.meta.dirname, "found");
/** Limits the CPU time of a target's inputs, in milliseconds, so that the long form ends within the hour on a quiet machine. */
const MAX_TARGET_MILLISECONDS = 150_000;
/** Inputs between two looks at the CPU time. */
const PART_SIZE = 1_000;
/** Limits the growth of the heap from the first quarter of a target's inputs to their end, in bytes. */
const MAX_HEAP_GROWTH = 64_000_000;

interface FuzzResult {
  inputs: number;
  seconds: number;
  /** The milliseconds of the slowest input. */
  slowest: number;
}

/** Returns the inputs that found a bug, with the names of their files. */
export function readFoundInputs(target: string): [name: string, input: unknown][] {
  const folder = join(FOUND_INPUTS, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(join(folder, name), "utf8"))]);
}

/** Writes an input that found a bug, so that every later run tries it. Returns the path of its file. */
export function writeFoundInput(target: string, input: unknown): string {
  const text = `${JSON.stringify(input, null, 2)}\n`;
  const name = `${createHash("sha256").update(text).digest("hex").slice(0, 12)}.json`;
  mkdirSync(join(FOUND_INPUTS, target), { recursive: true });
  writeFileSync(join(FOUND_INPUTS, target, name), text);
  return `test/reliability/fuzz/found/${target}/${name}`;
}

/** Returns the CPU time of this process in milliseconds. */
function readCpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Checks an input. Throws as well if it takes too long, twice, because a busy machine can delay it once. Returns the milliseconds. */
export async function checkInput(
  { maxMilliseconds: limit = DEFAULT_MAX_MILLISECONDS }: Pick<FuzzTarget, "maxMilliseconds">,
  opened: OpenFuzzTarget,
  input: unknown,
  watchdog: Watchdog,
): Promise<number> {
  const measure = async (): Promise<number> => {
    watchdog.begin(input);
    const [startedAt, startedCpu] = [performance.now(), readCpuTime()];
    try {
      await opened.check(input);
    } finally {
      watchdog.end();
    }
    return Math.min(performance.now() - startedAt, readCpuTime() - startedCpu);
  };
  const first = await measure();
  if (first <= limit) return first;
  const second = await measure();
  if (second > limit) throw new Error(`takes ${Math.round(second)} ms, more than ${limit} ms`);
  return second;
}

/** Returns the size of the heap after a garbage collection, in bytes. */
function readHeapSize(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Tries generated inputs. Throws with the smallest input that violates the target's rules. */
export async function runFuzzTarget(
  target: FuzzTarget,
  opened: OpenFuzzTarget,
  { inputs, seed, isLong }: { inputs: number; seed: number; isLong: boolean },
  watchdog: Watchdog,
): Promise<FuzzResult> {
  watchdog.setTarget(target.name);
  let slowest = 0;
  const property = fc.asyncProperty(target.inputs, async (input) => {
    slowest = Math.max(slowest, await checkInput(target, opened, input, watchdog));
  });
  const [startedAt, startedCpu] = [performance.now(), readCpuTime()];
  let tried = 0;
  const tryPart = async (numRuns: number): Promise<void> => {
    const details = await fc.check(property, { seed: seed + tried, numRuns });
    tried += details.numRuns;
    if (details.counterexample === null) return;
    const [input] = details.counterexample;
    const path = isLong ? `, written to ${writeFoundInput(target.name, input)}` : "";
    const message = `${target.name}: KNOCK_FUZZ_SEED=${seed} finds ${JSON.stringify(input)}${path}`;
    throw new Error(message, { cause: details.errorInstance });
  };
  /** Tries inputs until there are `total` or the CPU time is used up. */
  const tryInputs = async (total: number): Promise<void> => {
    while (tried < total && readCpuTime() - startedCpu < MAX_TARGET_MILLISECONDS)
      await tryPart(Math.min(PART_SIZE, total - tried));
  };
  await tryInputs(Math.ceil(inputs / 4));
  const heapSize = isLong ? readHeapSize() : 0;
  await tryInputs(inputs);
  // Garbage collections would take most of the time of the short form.
  const growth = isLong ? readHeapSize() - heapSize : 0;
  if (growth > MAX_HEAP_GROWTH) throw new Error(`${target.name}: the heap grew by ${growth} bytes`);
  return { inputs: tried, seconds: (performance.now() - startedAt) / 1_000, slowest };
}
