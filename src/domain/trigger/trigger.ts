import type { JsonObject } from "../../util/json.js";
import type { RecipientKey, RecipientUpsert } from "../recipient/recipient.js";
import type { RunSettings } from "../run/workflow-run.js";

/** One recipient as listed in a trigger. */
export interface TriggerRecipient {
  key: RecipientKey;
  /** Set where the recipient is identified inline (E-036, E-037); a bare reference does not identify. */
  upsert: RecipientUpsert | null;
  /** Merged over `data` for this recipient's run only (E-042). */
  trigger_data: JsonObject | null;
}

/** A trigger request, checked (E-025). `payload` is the same as the API takes it. */
export interface Trigger {
  workflow: string;
  /** 1 to 1,000 listings, in order, duplicates still in (E-027). */
  recipients: TriggerRecipient[];
  actor: { key: RecipientKey; upsert: RecipientUpsert | null } | null;
  tenant: { id: string; upsert: RecipientUpsert | null } | null;
  data: JsonObject;
  cancellation_key: string | null;
  settings: RunSettings;
  payload: JsonObject;
}

/** Whom a request names, and may identify. */
export type Parties = Pick<Trigger, "recipients" | "actor" | "tenant">;

export interface Cancellation {
  workflow: string;
  cancellation_key: string;
  /** Null: everyone (E-353). */
  recipients: RecipientKey[] | null;
  /** Of a branch's runs; absent: of the main files' (A-015). */
  branch?: string;
}
