import type { CommandContext } from "../../context/command-context.js";
import { formatRecipient, type RecipientReference, toRecipientKey } from "../../domain/recipient/recipient.js";
import type { TriggerOutcome } from "../../domain/run/outcome.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Warning } from "../../errors/knock-error.js";
import { findUnidentifiedRecipient } from "../../ports/known-names.js";
import { isLocal, type Operations } from "../../ports/operations.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import { findNearest } from "../../util/find-nearest.js";

const MAX_CANDIDATES = 50;
const MAX_LISTED = 5;

/**
 * Returns a warning that names recipients that were never identified and suggests existing ones. `consequence` is what
 * that means for them, such as "received nothing". The hint says how to identify them.
 */
export async function describeUnidentifiedRecipients(
  unknown: readonly RecipientReference[],
  resources: ResourceOperations | null,
  consequence: string,
): Promise<Required<Warning>> {
  const listed: { name: string; suggested: string | null; emailOwner: string | null }[] = [];
  for (const recipient of unknown.slice(0, MAX_LISTED)) {
    const found = resources === null ? null : await findUnidentifiedRecipient(toRecipientKey(recipient), resources);
    const id = found?.suggestedId ?? null;
    const suggested = typeof recipient === "string" || id === null ? id : `${recipient.collection}/${id}`;
    const emailOwner = found?.emailOwner ?? null;
    const explanation = emailOwner === null ? "" : ", the user with this email address";
    listed.push({
      name: JSON.stringify(formatRecipient(recipient)),
      suggested: suggested === null ? null : `did you mean ${JSON.stringify(suggested)}${explanation}?`,
      emailOwner,
    });
  }
  const [first] = listed;
  const names = listed.map(({ name, suggested }) => (suggested === null ? name : `${name} (${suggested})`)).join(", ");
  const more = unknown.length > listed.length ? ` and ${unknown.length - listed.length} more` : "";
  const message =
    first !== undefined && unknown.length === 1
      ? `recipient ${first.name} was never identified and ${consequence}${first.suggested === null ? "" : `; ${first.suggested}`}`
      : `recipients ${names}${more} were never identified and ${consequence}`;
  const [set, inline] = unknown.some((recipient) => typeof recipient === "string")
    ? ["knock users set <id>", '{"id":"…","email":"…"}']
    : ["knock objects set <collection> <id>", '{"id":"…","collection":"…","name":"…"}'];
  const owners = listed.flatMap(({ emailOwner }) => emailOwner ?? []);
  if (owners.length > 0) return { message, hint: `Use the ID instead of the email address: ${owners.join(",")}` };
  const hint = `Identify recipients with \`${set} --file …\`, inline (\`${inline}\`) or in a file in recipients/.`;
  return { message, hint };
}

/** Warns about a trigger's recipients that were never identified. */
export async function warnUnidentifiedOutcomes(
  outcome: TriggerOutcome,
  operations: Operations,
  { output }: CommandContext,
): Promise<void> {
  const unknown = (outcome.recipients ?? []).filter(({ reason }) => reason?.code === "recipient_not_found");
  if (unknown.length === 0) return;
  const { message, hint } = await describeUnidentifiedRecipients(
    unknown.map(({ recipient }) => recipient),
    getLocalResources(operations),
    "received nothing",
  );
  output.warn(message, hint);
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
