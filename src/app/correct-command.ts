import { quoteForShell } from "../input/restore-quotes.js";
import type { Correction } from "../util/find-nearest.js";
import { hasSecretArgument } from "./secret-arguments.js";

/** The characters around a name that is a part of an argument, as in `--recipients=ada,grace`, `ada:email=sent` and `{"page":1}`. */
const BOUNDARY = /[\s,:;=."'/#]/;

/** Returns the positions of a name in an argument. */
function findParts(word: string, name: string): number[] {
  const isBoundary = (character: string): boolean => character === "" || BOUNDARY.test(character);
  const positions: number[] = [];
  for (let at = word.indexOf(name); at !== -1; at = word.indexOf(name, at + 1))
    if (isBoundary(word.charAt(at - 1)) && isBoundary(word.charAt(at + name.length))) positions.push(at);
  return positions;
}

/** Replaces one name that is a part of an argument. Returns null unless it occurs exactly once. */
function replacePart(argv: readonly string[], typed: string, meant: string): string[] | null {
  const found = argv.flatMap((word, index) => findParts(word, typed).map((at) => ({ word, index, at })));
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) return null;
  const { word, index, at } = only;
  return argv.with(index, word.slice(0, at) + meant + word.slice(at + typed.length));
}

/** Returns the arguments of the corrected command; null if the typed words do not occur exactly once. */
function correctArguments(argv: readonly string[], { typed, meant }: Correction): string[] | null {
  const [first = "", ...others] = typed;
  if (first === "") return null;
  const starts = [...argv.keys()].filter((start) => typed.every((word, index) => argv[start + index] === word));
  const [start] = starts;
  if (start !== undefined)
    return starts.length > 1 ? null : [...argv.slice(0, start), ...meant, ...argv.slice(start + typed.length)];
  return others.length === 0 && meant.length === 1 ? replacePart(argv, first, meant.join("")) : null;
}

/**
 * Returns the command that the user probably meant, for a shell. Null without a correction, if it would be ambiguous, and for
 * arguments with secrets, which are not repeated.
 */
export function correctCommand(
  name: string,
  argv: readonly string[],
  correction: Correction | undefined,
): string | null {
  if (correction === undefined || hasSecretArgument(argv)) return null;
  const corrected = correctArguments(argv, correction);
  return corrected === null ? null : [name, ...corrected.map(quoteForShell)].join(" ");
}
