import {
  keyOf,
  type RecipientKey,
  type RecipientReference,
  splitKey,
  USERS,
} from "../../domain/recipient/recipient.js";
import type { TriggerOutcome } from "../../domain/run/outcome.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { isLocal, type Operations } from "../../ports/operations.js";
import type { ResourceOperations } from "../../ports/resources.js";
import { didYouMean, nearest } from "../../util/nearest.js";
import type { CommandContext } from "../context.js";

const MOST_NAMES = 50;
const MOST_TOLD = 5;

/** Somebody named who was never identified: `user "graec"`, and who may be meant, a sentence out of the newest fifty. */
export interface Stranger {
  who: string;
  near: string | null;
  /** The one id that was meant, if one is near. */
  meant: string | null;
}

/** Around ids copied from a text. */
const QUOTES = /^["'“”„‘’]+|(?<!["'“”„‘’])["'“”„‘’]+$/g;

/** Null for who is known. */
export async function strangerOf(
  key: RecipientKey,
  { users, objects }: Pick<ResourceOperations, "users" | "objects">,
): Promise<Stranger | null> {
  const { collection, id } = splitKey(key);
  const isUser = collection === USERS;
  const found = isUser ? await users.read(id) : await objects.read(collection, id);
  if (found !== null) return null;
  const page = { limit: MOST_NAMES };
  const { items } = await (isUser ? users.list(page) : objects.list(collection, page));
  const names = items.map((item) => String(item.id));
  const typed = id.replace(QUOTES, "") || id;
  const near = didYouMean(typed, names, isUser ? "Users" : "Objects");
  return {
    who: isUser ? `user "${id}"` : `object "${collection}/${id}"`,
    near: near === undefined ? null : near.replace(/[^.?]$/, "$&."),
    meant: nearest(typed, names) ?? null,
  };
}

/** Says which recipients were never identified, who may be meant and how to identify them. */
export async function unidentifiedText(
  unknown: readonly RecipientReference[],
  resources: ResourceOperations | null,
): Promise<string> {
  const told: string[] = [];
  for (const recipient of unknown.slice(0, MOST_TOLD)) {
    const meant = resources === null ? null : ((await strangerOf(keyOf(recipient), resources))?.meant ?? null);
    const whole = typeof recipient === "string" || meant === null ? meant : `${recipient.collection}/${meant}`;
    told.push(`${JSON.stringify(recipient)}${whole === null ? "" : ` (did you mean ${JSON.stringify(whole)}?)`}`);
  }
  const shown = told.join(", ") + (unknown.length > told.length ? `, … (${unknown.length})` : "");
  const set = unknown.some((recipient) => typeof recipient === "string")
    ? "knock users set <id>"
    : "knock objects set <collection> <id>";
  return `never identified, so nothing was sent to ${shown}. Identify with ${set} --file …, inline ({"id":"…","email":"…"}) or in knock/recipients/*.json.`;
}

/** Warns of a trigger's recipients that were never identified. */
export async function warnOfUnidentified(
  outcome: TriggerOutcome,
  operations: Operations,
  { output }: CommandContext,
): Promise<void> {
  const unknown = (outcome.recipients ?? []).filter(({ reason }) => reason?.code === "recipient_not_found");
  if (unknown.length > 0)
    output.warn(
      await unidentifiedText(
        unknown.map(({ recipient }) => recipient),
        localResources(operations),
      ),
    );
}

/**
 * Of a tenant that a trigger names by an id alone, before it makes the tenant (E-047): the one that was meant, if one of the newest
 * fifty is near.
 */
export async function meantTenant(tenant: Trigger["tenant"], operations: Operations): Promise<string | null> {
  if (tenant === null || tenant.upsert !== null) return null;
  const resources = localResources(operations);
  if (resources === null) return null;
  if ((await resources.tenants.read(tenant.id)) !== null) return null;
  const { items } = await resources.tenants.list({}, { limit: MOST_NAMES });
  return (
    nearest(
      tenant.id,
      items.map((item) => String(item.id)),
    ) ?? null
  );
}

/** Returns the local target's resources; null for the remote target, which is not asked. */
function localResources(operations: Operations): ResourceOperations | null {
  return isLocal(operations) ? operations.resources : null;
}
