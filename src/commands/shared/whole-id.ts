import { KnockError } from "../../errors/knock-error.js";
import type { IdKind } from "../../ports/filters.js";
import { isLocal, type Operations } from "../../ports/operations.js";

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
  if (start === undefined || !isLocal(operations)) return typed;
  const found: string[] = [];
  for (const kind of of) found.push(...(await operations.idsBeginning(kind, start, MOST_SHOWN + 1)));
  if (found.includes(start)) return start;
  const [first, ...others] = found;
  if (first === undefined || others.length === 0) return first ?? typed;
  const noun = of[0] === "message" ? "messages" : "runs";
  const shown = found.slice(0, MOST_SHOWN).join(", ") + (found.length > MOST_SHOWN ? ", …" : ".");
  throw new KnockError("usage", `the ids of several ${noun} begin with ${JSON.stringify(start)}`, {
    hint: `Give one of them: ${shown}`,
  });
}

const LISTED = { message: "knock messages list", run: "knock runs list" };

/** Of an id that none of a kind has: what it is the id of, or how much of one is needed. */
export async function missingHint(typed: string, noun: "message" | "run", operations: Operations): Promise<string> {
  const start = BEGINNING.exec(typed)?.[1];
  if (start === undefined)
    return /^[0-9A-Za-z-]{1,7}…?$/.test(typed) && /\d|…/.test(typed)
      ? `Of an id's beginning eight characters or more are needed. ${LISTED[noun]} shows them.`
      : `${LISTED[noun]} shows them.`;
  if (isLocal(operations)) {
    const others: readonly IdKind[] = noun === "run" ? ["message"] : ["workflow_run", "recipient_run"];
    for (const kind of others)
      if ((await operations.idsBeginning(kind, start, 1)).length > 0)
        return noun === "run"
          ? `It is a message: knock messages show ${start}`
          : `It is a run: knock runs show ${start}`;
  }
  return `${LISTED[noun]} shows them.`;
}
