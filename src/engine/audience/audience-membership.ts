import type { Audience } from "../../domain/audience/audience.js";
import type { Recipient, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { JsonObject } from "../../util/json.js";
import { type ConditionScope, evaluateConditionList } from "../condition/conditions.js";
import { recipientView } from "../context/scope.js";

/** What is known of a recipient's audiences: memberships of static ones, and the project's audiences. */
export interface KnownAudiences {
  memberships: readonly { audience: string; tenant: string | null }[];
  audiences: readonly Audience[];
}

/** Whether a dynamic audience describes a user with these properties; null is nobody (E-387). */
export function isDescribed(audience: Audience, recipient: JsonObject | null, now: number): boolean {
  if (recipient === null) return false;
  const scope: ConditionScope = { variables: { recipient }, refs: () => undefined, now };
  return audience.segments.some((conditions) => evaluateConditionList(conditions, scope).passed);
}

/** E-118, E-390: the membership's tenant must be the run's. A dynamic audience's members have none. */
export function isAudienceMember(
  key: string,
  who: { recipient: Recipient; tenant: string | null; changes: readonly RecipientUpsert[]; now: number },
  { memberships, audiences }: KnownAudiences,
): boolean {
  const { recipient, tenant, changes, now } = who;
  const declared = audiences.find((one) => one.key === key);
  if (declared?.type === "dynamic") return tenant === null && isDescribed(declared, recipientView(recipient), now);
  const changed = changes.findLast(
    ({ key: user, audience }) => user === recipient.key && audience?.key === key && audience.tenant === tenant,
  );
  if (changed) return changed.audience?.action === "add";
  return memberships.some((one) => one.audience === key && one.tenant === tenant);
}
