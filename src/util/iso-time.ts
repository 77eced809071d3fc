let lastAt = Number.NaN;
let lastText = "";
let previousAt = Number.NaN;
let previousText = "";

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/**
 * Returns a time in the form of `Date.toISOString`. That method's first call in a process looks up the local time zone, which
 * takes a quarter of a millisecond at startup; the UTC getters do not need it. The last two results are cached, because a
 * trigger alternates between its own time and that of the recipients that were identified together.
 */
export function toIsoTime(at: number): string {
  if (at === lastAt) return lastText;
  if (at === previousAt) return previousText;
  const date = new Date(at);
  const year = date.getUTCFullYear();
  // Years of other lengths have another form, and an invalid time throws there.
  if (!(year >= 1_000 && year <= 9_999)) return date.toISOString();
  const day = `${year}-${twoDigits(date.getUTCMonth() + 1)}-${twoDigits(date.getUTCDate())}`;
  const time = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`;
  previousAt = lastAt;
  previousText = lastText;
  lastText = `${day}T${time}.${`${date.getUTCMilliseconds()}`.padStart(3, "0")}Z`;
  lastAt = at;
  return lastText;
}
