import type { SampleComparison } from "./build-differences.js";
import type { ReviewReport } from "./review-report-schema.js";

/** The messages of a source, and the time that its triggers span; null without times, or for less than a day. */
export interface TimedSamples extends SampleComparison {
  days: number | null;
  triggers: number;
}

type Volume = ReviewReport["volume"];
interface Numbers {
  before: number;
  after: number;
}

/** The messages of both sides in the same unit, without rounding. */
export type ExactVolume = Readonly<Record<"before" | "after", bigint>>;

const MONTH_DAYS = 30;
const DAY_MS = 86_400_000;

/** Returns the time of the triggers of a source in milliseconds, by which its messages are divided; 1 without times. */
const getSpan = ({ days }: TimedSamples): bigint => (days === null ? 1n : BigInt(Math.round(days * DAY_MS)));

function sumExactly(sources: readonly TimedSamples[]): ExactVolume {
  const divisor = sources.reduce((product, source) => product * getSpan(source), 1n);
  const sum = (side: "before" | "after"): bigint =>
    sources.reduce((total, source) => total + (BigInt(source[side].messages.length) * divisor) / getSpan(source), 0n);
  return { before: sum("before"), after: sum("after") };
}

/**
 * Counts the messages of both sides: those of triggers with times, scaled to 30 days, or without times those of one trigger. Sources
 * without times are left out if another one has times.
 */
export function buildVolume(sources: readonly TimedSamples[]): {
  total: Omit<Volume, "cost">;
  exact: ExactVolume;
  byWorkflow(key: string): Numbers;
} {
  const timed = sources.filter(({ days }) => days !== null);
  const used = timed.length > 0 ? timed : sources;
  const triggers = used.reduce((sum, source) => sum + source.triggers, 0);
  const types = new Map<string, Numbers>();
  const workflows = new Map<string, Numbers>();
  const total = { before: 0, after: 0 };
  for (const source of used) {
    const factor = source.days === null ? 1 / Math.max(1, triggers) : MONTH_DAYS / source.days;
    for (const side of ["before", "after"] as const)
      for (const { channel, workflow } of source[side].messages) {
        total[side] += factor;
        for (const [map, key] of [
          [types, channel.type],
          [workflows, workflow],
        ] as const) {
          const numbers = map.get(key) ?? { before: 0, after: 0 };
          numbers[side] += factor;
          map.set(key, numbers);
        }
      }
  }
  const round = (value: number): number => (timed.length > 0 ? Math.round(value) : Math.round(value * 1e6) / 1e6);
  const toNumbers = ({ before, after }: Numbers): Numbers => ({ before: round(before), after: round(after) });
  return {
    total: {
      unit: timed.length > 0 ? "month" : "trigger",
      ...toNumbers(total),
      channels: [...types]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([type, numbers]) => ({ type, ...toNumbers(numbers) })),
    },
    exact: sumExactly(used),
    byWorkflow: (key) => toNumbers(workflows.get(key) ?? { before: 0, after: 0 }),
  };
}
