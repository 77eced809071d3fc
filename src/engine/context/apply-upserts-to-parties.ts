import { applyUpserts } from "../../domain/recipient/merge-recipient.js";
import {
  type Recipient,
  type RecipientKey,
  type RecipientUpsert,
  TENANTS,
  toRecipientKey,
} from "../../domain/recipient/recipient.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import type { RunParties } from "./build-scope.js";

/**
 * Returns a run's parties after upserts that are not written yet, including recipients that an upsert creates (E-087,
 * E-325).
 */
export function applyUpsertsToParties(
  { recipient, actor, tenant, subscribedObject }: RunParties,
  { run, recipientRun }: { run: WorkflowRun; recipientRun: RecipientRun },
  upserts: readonly RecipientUpsert[],
  now: number,
): RunParties {
  const change = (before: Recipient | null, key: RecipientKey | null | undefined): Recipient | null =>
    key ? applyUpserts(before, key, upserts, now) : before;
  const tenantKey = run.tenant === null ? null : toRecipientKey({ id: run.tenant, collection: TENANTS });
  return {
    recipient: change(recipient, recipient.key) as Recipient,
    actor: change(actor, run.actor),
    tenant: change(tenant, tenantKey),
    subscribedObject: change(subscribedObject, recipientRun.via?.object),
  };
}
