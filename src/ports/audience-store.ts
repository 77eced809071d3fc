import type { AudienceMember, AudienceMembership, UserChange } from "../domain/audience/audience.js";
import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { OccurredEvent } from "../domain/run/occurred-event.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { NewWorkflowRun } from "./trigger-store.js";

/** User changes, by their ids, with the runs that they start and the events that they are. */
export interface UserChangeEffects {
  ids: readonly number[];
  runs: readonly NewWorkflowRun[];
  events: readonly OccurredEvent[];
}

/** Keeps members of static audiences, and the changes of users that audiences follow. */
export interface AudienceStore {
  /** Keys of all audiences that ever had a member, sorted. */
  readAudienceKeys(): Promise<string[]>;
  /** Creates the audience if need be. Answers with those that were no members before (E-388). */
  addAudienceMembers(
    audience: string,
    members: readonly AudienceMembership[],
    at: number,
  ): Promise<AudienceMembership[]>;
  /** Answers with those that were members. */
  removeAudienceMembers(audience: string, members: readonly AudienceMembership[]): Promise<AudienceMembership[]>;
  /** The static audiences that these users are in (E-390). */
  readMemberships(
    users: readonly RecipientKey[],
  ): Promise<Map<RecipientKey, { audience: string; tenant: string | null }[]>>;
  /** Members that exist: one never identified is none yet (E-391). */
  listAudienceMembers(audience: string, page: PageRequest): Promise<Paged<AudienceMember>>;
  /** What may start audience runs and has not yet, in order. */
  readUserChanges(limit: number): Promise<UserChange[]>;
  /**
   * Writes what user changes lead to, and forgets them. `lost`: another process was first with one of them, nothing was
   * written; `claimed` as for a trigger.
   */
  saveUserChanges(changes: UserChangeEffects, now: number): Promise<"saved" | "lost" | { claimed: RecipientKey[] }>;
}
