import type { JsonObject } from "../../util/json.js";
import { type RecipientKey, type RecipientUpsert, TENANTS, toRecipientKey } from "../recipient/recipient.js";
import type { RunSettings } from "../run/workflow-run.js";

/** A recipient in the list of a trigger. */
export interface TriggerRecipient {
  key: RecipientKey;
  /**
   * The properties if the recipient is identified inline (E-036, E-037); null for a reference, which does not identify.
   */
  upsert: RecipientUpsert | null;
  /** The data that is merged over `data` for this recipient's run only (E-042). */
  trigger_data: JsonObject | null;
}

/** A checked trigger request (E-025). `payload` is the request in the API's format. */
export interface Trigger {
  workflow: string;
  /** The 1 to 1,000 listed recipients in order, including duplicates (E-027). */
  recipients: TriggerRecipient[];
  actor: { key: RecipientKey; upsert: RecipientUpsert | null } | null;
  tenant: { id: string; upsert: RecipientUpsert | null } | null;
  data: JsonObject;
  cancellation_key: string | null;
  settings: RunSettings;
  payload: JsonObject;
}

/** The recipients, actor and tenant that a request names and may identify. */
export type Parties = Pick<Trigger, "recipients" | "actor" | "tenant">;

/** Returns the keys of the recipients, the actor and the tenant that a request names. */
export function collectRecipientKeys({ recipients, actor, tenant }: Parties): RecipientKey[] {
  const keys = new Set(recipients.map(({ key }) => key));
  if (actor !== null) keys.add(actor.key);
  if (tenant !== null) keys.add(toRecipientKey({ id: tenant.id, collection: TENANTS }));
  return [...keys];
}

export interface Cancellation {
  workflow: string;
  cancellation_key: string;
  /** The recipients to cancel for; null means all (E-353). */
  recipients: RecipientKey[] | null;
  /** The branch whose runs are canceled; absent for the runs of main. */
  branch?: string;
}
