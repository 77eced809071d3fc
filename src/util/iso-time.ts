let lastAt = Number.NaN;
let lastText = "";
let previousAt = Number.NaN;
let previousText = "";

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/**
 * Milliseconds as `Date.toISOString` has them. Its first call in a process looks up the machine's time zone, which takes a
 * start a quarter of a millisecond; the single numbers of UTC need none. The last two are kept: a trigger asks for its own
 * time and, of recipients identified together, for another by turns.
 */
export function toIsoTime(at: number): string {
  if (at === lastAt) return lastText;
  if (at === previousAt) return previousText;
  const date = new Date(at);
  const year = date.getUTCFullYear();
  // Years of other lengths are written in another way; what is no time at all throws there.
  if (!(year >= 1_000 && year <= 9_999)) return date.toISOString();
  const day = `${year}-${twoDigits(date.getUTCMonth() + 1)}-${twoDigits(date.getUTCDate())}`;
  const time = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`;
  previousAt = lastAt;
  previousText = lastText;
  lastText = `${day}T${time}.${`${date.getUTCMilliseconds()}`.padStart(3, "0")}Z`;
  lastAt = at;
  return lastText;
}
