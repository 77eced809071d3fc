import { KnockError } from "../../errors/knock-error.js";
import type { IdKind } from "../../ports/filters.js";
import type { LocalOperations, Operations } from "../../ports/operations.js";

/** A narrow table's ids end with the mark of what was left out. */
const BEGINNING = /^([0-9A-Za-z-]{8,})…?$/;
const MOST_SHOWN = 5;

/**
 * The id that a beginning of eight characters or more stands for on the local target, as narrow tables show ids; what is none
 * is answered as it is. Throws `usage` where several begin so.
 */
export async function wholeId(
  typed: string,
  of: readonly [IdKind, ...IdKind[]],
  operations: Operations,
): Promise<string> {
  const start = BEGINNING.exec(typed)?.[1];
  if (start === undefined || operations.target === "remote") return typed;
  const found: string[] = [];
  for (const kind of of)
    found.push(...(await (operations as LocalOperations).idsBeginning(kind, start, MOST_SHOWN + 1)));
  if (found.includes(start)) return start;
  const [first, ...others] = found;
  if (first === undefined || others.length === 0) return first ?? typed;
  const noun = of[0] === "message" ? "messages" : "runs";
  const shown = found.slice(0, MOST_SHOWN).join(", ") + (found.length > MOST_SHOWN ? ", …" : ".");
  throw new KnockError("usage", `the ids of several ${noun} begin with ${JSON.stringify(start)}`, {
    hint: `Give one of them: ${shown}`,
  });
}
