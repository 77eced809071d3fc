import type { JsonObject } from "../../util/json.js";
import type { Condition } from "../condition/condition.js";
import type { Recipient, RecipientKey } from "../recipient/recipient.js";

/** Limits the members that one call adds or removes (E-392). */
export const MAX_AUDIENCE_MEMBERS = 1_000;

/** A user in a static audience: one membership per tenant and one without a tenant (E-389). */
export interface AudienceMembership {
  recipient: RecipientKey;
  tenant: string | null;
}

/** A membership with its user. `added_at` is in milliseconds. */
export interface AudienceMember {
  recipient: Recipient;
  tenant: string | null;
  added_at: number;
}

/**
 * An `audience.json` (section 15 of the format). The members of a static audience are stored; those of a dynamic one
 * are defined by its segments.
 */
export interface Audience {
  key: string;
  name: string;
  type: "static" | "dynamic";
  /** All conditions of a segment, and at least one segment, must be true (F-034). Empty for a static audience. */
  segments: Condition[][];
}

/**
 * A change that may start audience runs: a user who joined a static audience, or whose properties changed, with the
 * properties before (null for a new user) and after (E-388). `id` is assigned by the store in the order of the changes.
 * `depth` is that of the run whose step made the change, or 0 if no step did.
 */
export type UserChange = { id: number; user: RecipientKey; at: number; depth: number } & (
  | { audience: string; tenant: string | null }
  | { audience: null; before: JsonObject | null; after: JsonObject }
);
