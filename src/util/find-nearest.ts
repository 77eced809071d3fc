import { distance } from "fastest-levenshtein";

const sortWords = (name: string): string => name.split(/[_-]/).sort().join("_");

/** Returns the number of typos between two texts. Two swapped letters are one typo, not two, as are words in another order. */
function countTypos(a: string, b: string): number {
  if (a !== b && a.length === b.length && sortWords(a) === sortWords(b)) return 1;
  const d = distance(a, b);
  return d === 2 && a.length === b.length && [...a].sort().join("") === [...b].sort().join("") ? 1 : d;
}

/**
 * Returns the candidate nearest to the typed text, if it is near enough: up to `maxTypos` typos and a third of the text's
 * length.
 */
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
    // The texts must have a letter in common; otherwise any two names of one letter would be near.
    if (d < bestDistance && d < typed.length) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** Returns the end of a sentence about an unknown name, such as `; did you mean "x"?`; empty if no candidate is near. */
export function suggestNearest(typed: string, candidates: Iterable<string>): string {
  const near = findNearest(typed, candidates);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** Returns the candidate nearest to the typed text; undefined if several are equally near. */
export function findOnlyNearest(typed: string, candidates: readonly string[]): string | undefined {
  const near = findNearest(typed, candidates);
  if (near === undefined) return undefined;
  const next = findNearest(
    typed,
    candidates.filter((candidate) => candidate !== near),
  );
  const [typos, nextTypos] = [near, next ?? ""].map((name) => countTypos(typed.toLowerCase(), name.toLowerCase()));
  return next !== undefined && nextTypos === typos ? undefined : near;
}

/** Returns the candidates in the order of their distance from the typed text, the nearest first. */
export function sortByDistance(typed: string, candidates: readonly string[]): string[] {
  const typos = new Map(candidates.map((name) => [name, countTypos(typed.toLowerCase(), name.toLowerCase())]));
  return [...candidates].sort((a, b) => (typos.get(a) as number) - (typos.get(b) as number));
}

/** Returns the only candidate that starts with the typed text, of three letters or more: `email_1` for `email`. */
function findCompletion(typed: string, candidates: readonly string[]): string | undefined {
  const [only, ...others] = typed.length < 3 ? [] : candidates.filter((name) => name.startsWith(typed));
  return others.length === 0 ? only : undefined;
}

/** A hint that says what was meant, with the words of the command line that it replaces, so that a program can try again. */
export interface Correction {
  hint: string;
  /** The wrong words, which follow each other. One word can also be a part of an argument, such as one of several IDs. */
  typed: readonly string[];
  meant: readonly string[];
}

/** The next step of an error. */
export type Hint = string | Correction;

/** Returns the correction of one word. */
export const correctWord = (typed: string, meant: string, hint = `Did you mean "${meant}"?`): Correction => ({
  hint,
  typed: [typed],
  meant: [meant],
});

/** Returns the text of a hint. */
export const toHintText = (hint: Hint | undefined): string | undefined => (typeof hint === "object" ? hint.hint : hint);

/** Returns the nearest candidate for a hint, or the list of candidates if none is near; undefined without candidates. */
export function didYouMean(
  typed: string,
  candidates: readonly string[],
  listLabel: string,
  maxListed = 12,
): Hint | undefined {
  const near = findNearest(typed, candidates) ?? findCompletion(typed, candidates);
  if (near !== undefined) return correctWord(typed, near);
  if (candidates.length === 0) return undefined;
  const listed = [...candidates].sort().slice(0, maxListed);
  return `${listLabel}: ${listed.join(", ")}${candidates.length > listed.length ? ", …" : "."}`;
}
