import type { Audience } from "../../domain/audience/audience.js";
import type { Recipient, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { JsonObject } from "../../util/json.js";
import { type ConditionScope, evaluateConditionList } from "../condition/evaluate-conditions.js";
import { getRecipientView } from "../context/build-scope.js";

/** The audiences of a recipient: its memberships of static audiences, and the project's declared audiences. */
export interface AudienceData {
  memberships: readonly { audience: string; tenant: string | null }[];
  audiences: readonly Audience[];
}

/**
 * Returns whether a dynamic audience matches a user with these properties; false if the user does not exist (E-387).
 */
export function matchesAudience(audience: Audience, recipient: JsonObject | null, now: number): boolean {
  if (recipient === null) return false;
  const scope: ConditionScope = { variables: { recipient }, refs: () => undefined, now };
  return audience.segments.some((conditions) => evaluateConditionList(conditions, scope).passed);
}

/**
 * Returns whether a recipient is a member of an audience. The membership's tenant must be the run's tenant; members of
 * a dynamic audience have no tenant (E-118, E-390).
 */
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
