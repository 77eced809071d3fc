import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { join, resolve } from "node:path";

/** The modes of `vitest --mode` that run a harness at its full length. */
type Harness = "crash" | "concurrency" | "fuzz" | "soak" | "faults";

/** Returns whether this is the long form of a harness. */
export function isLongRun(harness: Harness): boolean {
  return process.env.MODE === harness;
}

/** Returns the number for the long form, which `npm run test:<harness>` runs, or for the short one of the normal suite. */
export function getLongRuns(harness: Harness, long: number, short: number): number {
  return isLongRun(harness) ? long : short;
}

/** Returns the time limit of a test of a harness in milliseconds. It only ends a test that hangs. */
export function getTestLimit(harness: Harness): number {
  return getLongRuns(harness, 3_600_000, 1_200_000);
}

/** Prints the progress of the long form after every `step` operations. */
export function reportProgress(harness: Harness, done: number, step: number): void {
  if (process.env.MODE === harness && done % step === 0) process.stderr.write(`${harness}: ${done} done\n`);
}

const RESULTS = resolve(import.meta.dirname, "../../bench/results");

/** Prints the figures of a harness. The long form also writes them to the file `name`, with the machine and the date. */
export function reportFigures(harness: Harness, figures: Record<string, number>, name: string = harness): void {
  const text = Object.entries(figures).map(([figure, value]) => `${figure.replaceAll("_", " ")} ${value}`);
  process.stderr.write(`${name}: ${text.join(", ")}\n`);
  if (!isLongRun(harness)) return;
  mkdirSync(RESULTS, { recursive: true });
  const [processor] = cpus();
  const machine = `${cpus().length} × ${processor?.model ?? arch()}, ${platform()}, Node ${process.versions.node}`;
  const result = { date: new Date().toISOString().slice(0, 10), machine, figures };
  writeFileSync(join(RESULTS, `reliability-${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
