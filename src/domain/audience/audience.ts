import type { JsonObject } from "../../util/json.js";
import type { Condition } from "../condition/condition.js";
import type { Recipient, RecipientKey } from "../recipient/recipient.js";

/** Add or remove at most so many in a call (E-392). */
export const MAX_AUDIENCE_MEMBERS = 1_000;

/** A user in a static audience, once for every tenant and once without (E-389). */
export interface AudienceMembership {
  recipient: RecipientKey;
  tenant: string | null;
}

/** A membership with its user. `added_at` in milliseconds. */
export interface AudienceMember {
  recipient: Recipient;
  tenant: string | null;
  added_at: number;
}

/** An `audience.json` (section 15 of the format): a static audience's members are data, a dynamic one's are who it describes. */
export interface Audience {
  key: string;
  name: string;
  type: "static" | "dynamic";
  /** Conditions are AND-ed in a segment, segments OR-ed (F-034); none where it is static. */
  segments: Condition[][];
}

/**
 * Something that may start audience runs (E-388): a user who joined a static audience, or whose properties changed, with
 * those from before (null for a new user) and after. `id` is the store's; in the order it happened.
 * `depth` is that of the run whose step did it, 0 for anybody else's doing.
 */
export type UserChange = { id: number; user: RecipientKey; at: number; depth: number } & (
  | { audience: string; tenant: string | null }
  | { audience: null; before: JsonObject | null; after: JsonObject }
);
