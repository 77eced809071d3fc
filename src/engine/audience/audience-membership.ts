import type { Audience } from "../../domain/audience/audience.js";
import type { Recipient, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { JsonObject } from "../../util/json.js";
import { type ConditionScope, evaluateConditionList } from "../condition/evaluate-conditions.js";
import { getRecipientView } from "../context/build-scope.js";

/** What is known of a recipient's audiences: memberships of static ones, and the project's audiences. */
export interface AudienceData {
  memberships: readonly { audience: string; tenant: string | null }[];
  audiences: readonly Audience[];
}

/** Whether a dynamic audience describes a user with these properties; null is nobody (E-387). */
export function matchesAudience(audience: Audience, recipient: JsonObject | null, now: number): boolean {
  if (recipient === null) return false;
  const scope: ConditionScope = { variables: { recipient }, refs: () => undefined, now };
  return audience.segments.some((conditions) => evaluateConditionList(conditions, scope).passed);
}

/** E-118, E-390: the membership's tenant must be the run's. A dynamic audience's members have none. */
export function isAudienceMember(
  key: string,
  viewer: { recipient: Recipient; tenant: string | null; changes: readonly RecipientUpsert[]; now: number },
  { memberships, audiences }: AudienceData,
): boolean {
  const { recipient, tenant, changes, now } = viewer;
  const declared = audiences.find((audience) => audience.key === key);
  if (declared?.type === "dynamic")
    return tenant === null && matchesAudience(declared, getRecipientView(recipient), now);
  const changed = changes.findLast(
    ({ key: user, audience }) => user === recipient.key && audience?.key === key && audience.tenant === tenant,
  );
  if (changed) return changed.audience?.action === "add";
  return memberships.some((membership) => membership.audience === key && membership.tenant === tenant);
}
