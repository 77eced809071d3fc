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

/**
 * A recipient that was never identified, such as `user "graec"`, with a sentence that suggests one of the newest 50
 * recipients.
 */
interface UnidentifiedRecipient {
  description: string;
  suggestionText: string | null;
  /** The nearest existing ID, or null if none is near. */
  suggestedId: string | null;
}

/** Quotation marks around IDs that were copied from a text. */
const SURROUNDING_QUOTES = /^["'“”„‘’]+|(?<!["'“”„‘’])["'“”„‘’]+$/g;

/** Returns a recipient that was never identified with suggestions, or null if it is identified. */
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
    suggestionText: suggestion ?? null,
    suggestedId: findNearest(typed, names) ?? null,
  };
}

/**
 * Returns a text that names recipients that were never identified, suggests existing ones and explains how to identify
 * them.
 */
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

/** Warns about a trigger's recipients that were never identified. */
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
 * Returns the nearest of the newest 50 tenants for a tenant that a trigger references only by ID, before the trigger
 * creates it (E-047). Returns null if the tenant exists, is inline, or no tenant is near.
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

/** Returns the local target's resources, or null for the remote target, which is not queried. */
function getLocalResources(operations: Operations): ResourceOperations | null {
  return isLocal(operations) ? operations.resources : null;
}
