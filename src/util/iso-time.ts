/** An advance needs the times of now, its trigger and its recipient, which many runs share. */
const MAX_CACHED_TIMES = 4;
const cachedTimes: number[] = [];
const cachedTexts: string[] = [];
let oldest = 0;

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

function formatTime(at: number): string {
  const date = new Date(at);
  const year = date.getUTCFullYear();
  // Years of other lengths have another form, and an invalid time throws there.
  if (!(year >= 1_000 && year <= 9_999)) return date.toISOString();
  const day = `${year}-${twoDigits(date.getUTCMonth() + 1)}-${twoDigits(date.getUTCDate())}`;
  const time = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`;
  return `${day}T${time}.${`${date.getUTCMilliseconds()}`.padStart(3, "0")}Z`;
}

/**
 * Returns a time in the form of `Date.toISOString`. That method's first call in a process looks up the local time zone, which
 * takes a quarter of a millisecond at startup; the UTC getters do not need it. The last results are cached.
 */
export function toIsoTime(at: number): string {
  for (let index = 0; index < cachedTimes.length; index++)
    if (cachedTimes[index] === at) return cachedTexts[index] as string;
  const text = formatTime(at);
  cachedTimes[oldest] = at;
  cachedTexts[oldest] = text;
  oldest = (oldest + 1) % MAX_CACHED_TIMES;
  return text;
}
