import { timingSafeEqual } from "node:crypto";
import { createLinkToken, type LinkKind } from "../../../../domain/message/link-token.js";
import type { RecipientReference } from "../../../../domain/recipient/recipient.js";
import type { LocalOperations } from "../../../../ports/operations.js";
import type { LocalResourceOperations } from "../../../../ports/resource-operations.js";

type LinkOperations = Pick<LocalResourceOperations, "readLinkKey" | "readUnsignedLinksUntil">;

interface Link {
  kind: LinkKind;
  id: string;
  /** Null for a link of an older version. */
  token: string | null;
  /** When the run or message of the link was created, in milliseconds. */
  inserted_at: number;
}

/** Returns the ID and the token of `<id>.<token>`. The token of a link of an older version is null. */
export function splitLinkId(text: string): { id: string; token: string | null } {
  const end = text.lastIndexOf(".");
  return end === -1 ? { id: text, token: null } : { id: text.slice(0, end), token: text.slice(end + 1) };
}

/**
 * Returns whether a link that needs no key may be used: its token is right, or it has none and is from before the update of the
 * store to links with tokens.
 */
export async function isLinkAllowed(
  { kind, id, token, inserted_at }: Link,
  operations: LinkOperations,
): Promise<boolean> {
  if (token === null) {
    const until = await operations.readUnsignedLinksUntil();
    return until !== null && inserted_at <= until;
  }
  const [actual, expected] = [token, createLinkToken(await operations.readLinkKey(), kind, id)].map((text) =>
    Buffer.from(text),
  ) as [Buffer, Buffer];
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Returns the recipient of the run that a link `<run>.<token>` belongs to, or null if the link may not be used. */
export async function findLinkRecipient(
  kind: LinkKind,
  link: string,
  operations: LocalOperations,
): Promise<RecipientReference | null> {
  const { id, token } = splitLinkId(link);
  const run = await operations.readRecipientRun(id);
  if (run === null) return null;
  const inserted_at = Date.parse(String(run.inserted_at));
  if (!(await isLinkAllowed({ kind, id, token, inserted_at }, operations.resources))) return null;
  return run.recipient as RecipientReference;
}
