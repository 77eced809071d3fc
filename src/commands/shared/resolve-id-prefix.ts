import { KnockError } from "../../errors/knock-error.js";
import type { IdKind } from "../../ports/filters.js";
import { isLocal, type Operations } from "../../ports/operations.js";

/** A prefix of at least 8 characters. The ellipsis at the end of a truncated ID in a narrow table is allowed. */
const ID_PREFIX = /^([0-9A-Za-z-]{8,})…?$/;
const MAX_LISTED = 5;
const NOUNS: Record<IdKind, string> = {
  message: "messages",
  schedule: "schedules",
  workflow_run: "runs",
  recipient_run: "runs",
};

/**
 * Returns the full ID for a prefix of 8 or more characters on the local target, because narrow tables show truncated
 * IDs. Other text is returned unchanged. Throws `usage` if several IDs have this prefix.
 */
export async function resolveIdPrefix(
  typed: string,
  kinds: readonly [IdKind, ...IdKind[]],
  operations: Operations,
): Promise<string> {
  const prefix = ID_PREFIX.exec(typed)?.[1];
  if (prefix === undefined || !isLocal(operations)) return typed;
  const ids: string[] = [];
  for (const kind of kinds) ids.push(...(await operations.listIdsByPrefix(kind, prefix, MAX_LISTED + 1)));
  if (ids.includes(prefix)) return prefix;
  const [first, ...others] = ids;
  if (first === undefined || others.length === 0) return first ?? typed;
  const idList = ids.slice(0, MAX_LISTED).join(", ") + (ids.length > MAX_LISTED ? ", …" : ".");
  throw new KnockError("usage", `several ${NOUNS[kinds[0]]} have IDs that start with ${JSON.stringify(prefix)}`, {
    hint: `Use a longer prefix or one of these: ${idList}`,
  });
}

const LIST_COMMANDS = { message: "knock messages list", run: "knock runs list" };

/**
 * Returns a hint for an ID that does not exist: the command for the kind that it belongs to, or how long a prefix must
 * be.
 */
export async function suggestForMissingId(
  typed: string,
  noun: "message" | "run",
  operations: Operations,
): Promise<string> {
  const start = ID_PREFIX.exec(typed)?.[1];
  if (start === undefined)
    return /^[0-9A-Za-z-]{1,7}…?$/.test(typed) && /\d|…/.test(typed)
      ? `Use at least 8 characters of the ID. Run \`${LIST_COMMANDS[noun]}\` to see the IDs.`
      : `Run \`${LIST_COMMANDS[noun]}\` to see the IDs.`;
  if (isLocal(operations)) {
    const others: readonly IdKind[] = noun === "run" ? ["message"] : ["workflow_run", "recipient_run"];
    for (const kind of others)
      if ((await operations.listIdsByPrefix(kind, start, 1)).length > 0)
        return noun === "run"
          ? `It is a message: knock messages show ${start}`
          : `It is a run: knock runs show ${start}`;
  }
  return `Run \`${LIST_COMMANDS[noun]}\` to see the IDs.`;
}
