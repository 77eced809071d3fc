import type { AudienceMember, AudienceMembership, UserChange } from "../domain/audience/audience.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { OccurredEvent } from "../domain/run/occurred-event.js";
import type { CausedWork, Claim } from "./due-store.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { NewWorkflowRun } from "./trigger-store.js";

/** The effects of user changes: the changes by their ids, the runs that they start, and the events that they cause. */
export interface UserChangeEffects {
  ids: readonly number[];
  runs: readonly NewWorkflowRun[];
  events: readonly OccurredEvent[];
}

export type UserChangesResult =
  | { outcome: "saved"; caused: CausedWork }
  | { outcome: "lost" }
  | { outcome: "already_triggered"; recipients: RecipientKey[] };

export interface AddedMembers {
  added: AudienceMembership[];
  caused: CausedWork;
}

/** Stores the members of static audiences, and the user changes that audience triggers have not processed yet. */
export interface AudienceStore {
  /** Returns the keys of all audiences that ever had a member, sorted. */
  readAudienceKeys(): Promise<string[]>;
  /** Adds members, and creates the audience if necessary. `added` are those who were not members before (E-388). */
  addAudienceMembers(audience: string, members: readonly AudienceMembership[], at: number): Promise<AddedMembers>;
  /** Removes members. Returns those who were members. */
  removeAudienceMembers(audience: string, members: readonly AudienceMembership[]): Promise<AudienceMembership[]>;
  /** Returns the static audiences that each of these users is a member of (E-390). */
  readMemberships(
    users: readonly RecipientKey[],
  ): Promise<Map<RecipientKey, { audience: string; tenant: string | null }[]>>;
  /** Lists the members that exist. A user who was never identified is not a member yet (E-391). */
  listAudienceMembers(audience: string, page: PageRequest): Promise<Paged<AudienceMember>>;
  /**
   * Claims up to `limit` unprocessed user changes that may start audience runs, in order. While a change of a user is
   * claimed, no other claim contains changes of that user, so that they are processed in order.
   */
  claimUserChanges(claim: Claim, limit: number): Promise<UserChange[]>;
  /**
   * Saves the effects of user changes that `token` still holds, and deletes the changes. `lost`: another process has
   * taken one of them over, and nothing was written. `already_triggered`: the recipients that have already used up a once-only workflow;
   * nothing was written, as for a trigger.
   */
  saveUserChanges(changes: UserChangeEffects, token: string, now: number): Promise<UserChangesResult>;
}
