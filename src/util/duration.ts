const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const ISO_DURATION =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;

/** Maximum length of a duration. Without a limit, a repeated group of megabytes overflows V8's backtracking stack. */
const MAX_DURATION_LENGTH = 100;

/**
 * Returns the milliseconds of `30s`, `15m`, `24h`, `7d`, `2w`, `1h30m`, `500ms` or ISO 8601 `PT30M`; undefined for anything
 * else. ISO years and months are rejected, because they have no fixed length.
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_DURATION_LENGTH) return undefined;
  const iso = ISO_DURATION.exec(trimmed);
  if (iso?.slice(1).some((part) => part !== undefined)) {
    const [w, d, h, m, s] = iso.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number];
    return toSafeInteger(w * 604_800_000 + d * 86_400_000 + h * 3_600_000 + m * 60_000 + s * 1_000);
  }
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(trimmed)) return undefined;
  let total = 0;
  for (const [, value, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/gy)) {
    total += Number(value) * (UNIT_MS[unit as string] as number);
  }
  return toSafeInteger(total);
}

function toSafeInteger(milliseconds: number): number | undefined {
  const rounded = Math.round(milliseconds);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** Returns a duration in a readable form: `30m`, `1h 30m`, `2d`, `45s`. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.max(0, Math.round(milliseconds / 1_000));
  if (rest === 0) return "0s";
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * seconds;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}
