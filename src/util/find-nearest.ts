import { distance } from "fastest-levenshtein";

/** How many letters differ; two letters swapped are one slip of the finger, not two. */
function countTypos(a: string, b: string): number {
  const d = distance(a, b);
  return d === 2 && a.length === b.length && [...a].sort().join("") === [...b].sort().join("") ? 1 : d;
}

/** Returns the candidate nearest to what was typed, if it is near enough to be what was meant: at most `most` slips. */
export function findNearest(
  typed: string,
  candidates: Iterable<string>,
  maxTypos = Number.POSITIVE_INFINITY,
): string | undefined {
  const limit = Math.min(maxTypos, Math.max(1, Math.floor(typed.length / 3)));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const d = countTypos(typed.toLowerCase(), candidate.toLowerCase());
    // Something must be shared: of two one-letter names each would be near the other.
    if (d < bestDistance && d < typed.length) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** `did you mean "x"?` for a hint, or the list of what exists when nothing is near. */
export function didYouMean(
  typed: string,
  candidates: readonly string[],
  listLabel: string,
  maxListed = 12,
): string | undefined {
  const near = findNearest(typed, candidates);
  if (near !== undefined) return `Did you mean "${near}"?`;
  if (candidates.length === 0) return undefined;
  const listed = [...candidates].sort().slice(0, maxListed);
  return `${listLabel}: ${listed.join(", ")}${candidates.length > listed.length ? ", …" : ""}`;
}
