import { distance } from "fastest-levenshtein";

/** How many letters differ; two letters swapped are one slip of the finger, not two. */
function slips(a: string, b: string): number {
  const d = distance(a, b);
  return d === 2 && a.length === b.length && [...a].sort().join("") === [...b].sort().join("") ? 1 : d;
}

/** Returns the candidate nearest to what was typed, if it is near enough to be what was meant: at most `most` slips. */
export function nearest(
  typed: string,
  candidates: Iterable<string>,
  most = Number.POSITIVE_INFINITY,
): string | undefined {
  const limit = Math.min(most, Math.max(1, Math.floor(typed.length / 3)));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const d = slips(typed.toLowerCase(), candidate.toLowerCase());
    // Something must be shared: of two one-letter names each would be near the other.
    if (d < bestDistance && d < typed.length) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** `did you mean "x"?` for a hint, or the list of what exists when nothing is near. */
export function didYouMean(typed: string, candidates: readonly string[], what: string, most = 12): string | undefined {
  const near = nearest(typed, candidates);
  if (near !== undefined) return `Did you mean "${near}"?`;
  if (candidates.length === 0) return undefined;
  const shown = [...candidates].sort().slice(0, most);
  return `${what}: ${shown.join(", ")}${candidates.length > shown.length ? ", …" : ""}`;
}
