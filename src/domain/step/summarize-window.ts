import type { Duration } from "./step-duration.js";

/** Formats a length of time of a workflow file: `30 minutes`, `1 hour`. The sign is left out. */
export function formatStepDuration({ unit, value }: Duration): string {
  const count = Math.abs(value);
  return `${count} ${unit.replace(/s$/, "")}${count === 1 ? "" : "s"}`;
}

/**
 * Summarizes a window (E-233 to E-235): `30 minutes`, `until data.starts_at`, or for an offset `1 hour before
 * data.starts_at`. Returns null if it has neither.
 */
export function summarizeWindow(length: Duration | null, fieldPath: string | null): string | null {
  if (fieldPath === null) return length === null ? null : formatStepDuration(length);
  if (length === null || length.value === 0) return `until ${fieldPath}`;
  return `${formatStepDuration(length)} ${length.value < 0 ? "before" : "after"} ${fieldPath}`;
}
