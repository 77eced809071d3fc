let last = { at: Number.NaN, text: "" };

/** Milliseconds as an ISO 8601 time. What is made at once has one time: the last is remembered. */
export function isoTime(at: number): string {
  if (at !== last.at) last = { at, text: new Date(at).toISOString() };
  return last.text;
}
