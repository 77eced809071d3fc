import type { PreferenceSet } from "../domain/recipient/preference-set.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { JsonObject } from "../util/json.js";
import type { Paged, PageRequest } from "./page-request.js";

/** Recipients of one collection; users are those of `$users`. */
export interface RecipientFilter {
  /** Null: every one but users'. */
  collection: string | null;
  id?: string | undefined;
  /** The whole name. */
  name?: string | undefined;
}

/** A preference set to write; null removes it. `merge` keeps what is not mentioned (E-138). */
export interface PreferenceWrite {
  recipient: RecipientKey;
  id: string;
  set: PreferenceSet | null;
  merge: boolean;
}

/** A channel's data to write whole; null removes it. */
export interface ChannelDataWrite {
  recipient: RecipientKey;
  /** UUID. */
  channel_id: string;
  data: JsonObject | null;
}

/** Keeps users, objects and tenants. */
export interface RecipientStore {
  readRecipients(keys: readonly RecipientKey[]): Promise<Map<RecipientKey, Recipient>>;
  /** Creates or deep-merges, in order (E-038 to E-041). */
  upsertRecipients(upserts: readonly RecipientUpsert[], at: number): Promise<void>;
  listRecipients(filter: RecipientFilter, page: PageRequest): Promise<Paged<Recipient>>;
  /**
   * Deletes recipients with all that is theirs (E-053): preferences, channel data, subscriptions (of objects those to
   * them, too), memberships, messages, runs that have ended, and what once-only workflows remember of them. A run still
   * on its way ends as cancelled (EQ-03) and stays as the record of that. Answers with those that existed.
   */
  deleteRecipients(keys: readonly RecipientKey[], at: number): Promise<Set<RecipientKey>>;
  /**
   * Gives one recipient what another has and it lacks, the other's messages, subscriptions and memberships; the
   * other is then deleted. False unless both exist.
   */
  mergeRecipients(into: RecipientKey, from: RecipientKey, at: number): Promise<boolean>;
  /** Creates recipients that do not exist, except for a removal. */
  writePreferenceSets(writes: readonly PreferenceWrite[], at: number): Promise<void>;
  /** Likewise. Answers with how many entries were there before. */
  writeChannelData(writes: readonly ChannelDataWrite[], at: number): Promise<number>;
}
