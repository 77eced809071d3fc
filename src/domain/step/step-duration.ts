import { isJsonObject } from "../../util/json.js";

/** A length of time in a workflow file (section 6.3 of the format). Negative values mean "before". */
export interface Duration {
  unit: string;
  value: number;
}

const UNIT_MS = new Map([
  ["second", 1_000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
  ["week", 604_800_000],
  ["month", 2_592_000_000],
]);

export const DURATION_UNITS = [...UNIT_MS.keys()].flatMap((unit) => [`${unit}s`, unit]);

/** Returns a duration in milliseconds, where a month is 30 days, or undefined if the value is not a duration. */
export function toMilliseconds(value: unknown): number | undefined {
  if (!isJsonObject(value)) return undefined;
  const { unit, value: count } = value;
  if (typeof unit !== "string" || typeof count !== "number" || !Number.isFinite(count)) return undefined;
  const name = unit.replace(/s$/, "");
  const unitMs = UNIT_MS.get(name);
  return unitMs === undefined ? undefined : count * unitMs;
}

export const DAY_MS = 86_400_000;
