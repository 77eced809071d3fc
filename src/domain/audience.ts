import type { Recipient, RecipientKey } from "./recipient.js";

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
