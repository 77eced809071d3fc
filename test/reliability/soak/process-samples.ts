import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The state of a process at a time. `delay_ms` is the 99th percentile of the delay of its event loop since the sample before. */
export interface ProcessSample {
  pid: number;
  seconds: number;
  heap_mb: number;
  rss_mb: number;
  files: number;
  sockets: number;
  delay_ms: number;
}

export type Measure = Exclude<keyof ProcessSample, "pid" | "seconds">;

/** Returns the environment of a command that writes samples of its process to a file. */
export function sampleTo(file: string, intervalMs: number): Record<string, string> {
  const preload = pathToFileURL(join(import.meta.dirname, "sample-process.mjs")).href;
  return {
    NODE_OPTIONS: `--import=${preload}`,
    KNOCK_SAMPLE_FILE: file,
    KNOCK_SAMPLE_INTERVAL_MS: String(intervalMs),
  };
}

/** Returns the samples of the process that has written most of them. The others are short commands that it has started. */
export function readSamples(file: string): ProcessSample[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  const byProcess = new Map<number, ProcessSample[]>();
  for (const line of lines) {
    const sample = JSON.parse(line) as ProcessSample;
    byProcess.set(sample.pid, [...(byProcess.get(sample.pid) ?? []), sample]);
  }
  return [...byProcess.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}

export function findMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Returns how much a measure has grown: the median of the last quarter minus that of the second, when caches are filled. */
export function measureGrowth(samples: readonly ProcessSample[], measure: Measure): number {
  const values = samples.map((sample) => sample[measure]);
  const quarter = Math.floor(values.length / 4);
  return findMedian(values.slice(-quarter)) - findMedian(values.slice(quarter, 2 * quarter));
}
