import {
  type RecipientKey,
  type RecipientReference,
  splitRecipientKey,
  toRecipientKey,
  USERS,
} from "../../domain/recipient/recipient.js";
import type { TriggerOutcome } from "../../domain/run/outcome.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { isLocal, type Operations } from "../../ports/operations.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import { didYouMean, findNearest } from "../../util/find-nearest.js";
import type { CommandContext } from "../context.js";

const MAX_CANDIDATES = 50;
const MAX_LISTED = 5;

/** Somebody named who was never identified: `user "graec"`, and who may be meant, a sentence out of the newest fifty. */
interface UnidentifiedRecipient {
  description: string;
  suggestionText: string | null;
  /** The one id that was meant, if one is near. */
  suggestedId: string | null;
}

/** Around ids copied from a text. */
const SURROUNDING_QUOTES = /^["'“”„‘’]+|(?<!["'“”„‘’])["'“”„‘’]+$/g;

/** Null for who is known. */
export async function findUnidentifiedRecipient(
  key: RecipientKey,
  { users, objects }: Pick<ResourceOperations, "users" | "objects">,
): Promise<UnidentifiedRecipient | null> {
  const { collection, id } = splitRecipientKey(key);
  const isUser = collection === USERS;
  const recipient = isUser ? await users.read(id) : await objects.read(collection, id);
  if (recipient !== null) return null;
  const page = { limit: MAX_CANDIDATES };
  const { items } = await (isUser ? users.list(page) : objects.list(collection, page));
  const names = items.map((item) => String(item.id));
  const typed = id.replace(SURROUNDING_QUOTES, "") || id;
  const suggestion = didYouMean(typed, names, isUser ? "Users" : "Objects");
  return {
    description: isUser ? `user "${id}"` : `object "${collection}/${id}"`,
    suggestionText: suggestion === undefined ? null : suggestion.replace(/[^.?]$/, "$&."),
    suggestedId: findNearest(typed, names) ?? null,
  };
}

/** Says which recipients were never identified, who may be meant and how to identify them. */
export async function describeUnidentifiedRecipients(
  unknown: readonly RecipientReference[],
  resources: ResourceOperations | null,
): Promise<string> {
  const descriptions: string[] = [];
  for (const recipient of unknown.slice(0, MAX_LISTED)) {
    const suggestedId =
      resources === null
        ? null
        : ((await findUnidentifiedRecipient(toRecipientKey(recipient), resources))?.suggestedId ?? null);
    const suggestedReference =
      typeof recipient === "string" || suggestedId === null ? suggestedId : `${recipient.collection}/${suggestedId}`;
    descriptions.push(
      `${JSON.stringify(recipient)}${suggestedReference === null ? "" : ` (did you mean ${JSON.stringify(suggestedReference)}?)`}`,
    );
  }
  const list = descriptions.join(", ") + (unknown.length > descriptions.length ? `, … (${unknown.length})` : "");
  const set = unknown.some((recipient) => typeof recipient === "string")
    ? "knock users set <id>"
    : "knock objects set <collection> <id>";
  return `never identified, so nothing was sent to ${list}. Identify with ${set} --file …, inline ({"id":"…","email":"…"}) or in knock/recipients/*.json.`;
}

/** Warns of a trigger's recipients that were never identified. */
export async function warnUnidentifiedOutcomes(
  outcome: TriggerOutcome,
  operations: Operations,
  { output }: CommandContext,
): Promise<void> {
  const unknown = (outcome.recipients ?? []).filter(({ reason }) => reason?.code === "recipient_not_found");
  if (unknown.length > 0)
    output.warn(
      await describeUnidentifiedRecipients(
        unknown.map(({ recipient }) => recipient),
        getLocalResources(operations),
      ),
    );
}

/**
 * Of a tenant that a trigger names by an id alone, before it makes the tenant (E-047): the one that was meant, if one of the newest
 * fifty is near.
 */
export async function suggestTenant(tenant: Trigger["tenant"], operations: Operations): Promise<string | null> {
  if (tenant === null || tenant.upsert !== null) return null;
  const resources = getLocalResources(operations);
  if (resources === null) return null;
  if ((await resources.tenants.read(tenant.id)) !== null) return null;
  const { items } = await resources.tenants.list({}, { limit: MAX_CANDIDATES });
  return (
    findNearest(
      tenant.id,
      items.map((item) => String(item.id)),
    ) ?? null
  );
}

/** Returns the local target's resources; null for the remote target, which is not asked. */
function getLocalResources(operations: Operations): ResourceOperations | null {
  return isLocal(operations) ? operations.resources : null;
}
