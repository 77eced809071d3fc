const UNITS: [name: string, milliseconds: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/**
 * Formats a time relative to now with one unit: `3m ago`, `in 2h`, `now`. Times more than 30 days away are formatted as
 * a date.
 */
export function formatRelativeTime(at: number, now: number): string {
  const difference = at - now;
  const size = Math.abs(difference);
  if (size < 5_000) return "now";
  if (size > 30 * 86_400_000) return new Date(at).toISOString().slice(0, 10);
  const [name, unit] = UNITS.find(([, milliseconds]) => size >= milliseconds) ?? ["s", 1_000];
  const text = `${Math.floor(size / unit)}${name}`;
  return difference < 0 ? `${text} ago` : `in ${text}`;
}

/** Formats a time as `2026-11-24 10:05:00 UTC`. */
export function formatAbsoluteTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
