import type { PreferenceOrigin, PreferenceSet } from "../domain/recipient/preference-set.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../domain/recipient/recipient.js";
import type { JsonObject } from "../util/json.js";
import type { CausedWork } from "./due-store.js";
import type { Paged, PageRequest } from "./page-request.js";

/** A filter for users: parts of their email addresses and of their names, in either case. */
export interface UserFilter {
  email?: string | undefined;
  name?: string | undefined;
}

/** A filter for recipients. Users have the collection `$users`. */
export interface RecipientFilter {
  /** Null for all collections except users. */
  collection: string | null;
  id?: string | undefined;
  /** The complete name. */
  name?: string | undefined;
  /** Texts that are part of the properties, in either case. */
  parts?: UserFilter | undefined;
}

/** A preference set to write; null removes it. `merge` keeps the parts that the set does not contain (E-138). */
export interface PreferenceWrite {
  recipient: RecipientKey;
  id: string;
  set: PreferenceSet | null;
  merge: boolean;
  /** The origin of the preferences in the set. */
  origin?: PreferenceOrigin;
}

/** Channel data that replaces the stored data of the channel; null removes it. */
export interface ChannelDataWrite {
  recipient: RecipientKey;
  /** UUID. */
  channel_id: string;
  data: JsonObject | null;
}

export interface WrittenChannelData {
  /** The number of entries that existed before. */
  replaced: number;
  caused: CausedWork;
}

/** Stores users, objects and tenants. */
export interface RecipientStore {
  readRecipients(keys: readonly RecipientKey[]): Promise<Map<RecipientKey, Recipient>>;
  /** Creates recipients or merges deeply into existing ones, in order (E-038 to E-041). */
  upsertRecipients(upserts: readonly RecipientUpsert[], at: number): Promise<CausedWork>;
  listRecipients(filter: RecipientFilter, page: PageRequest): Promise<Paged<Recipient>>;
  /**
   * Deletes recipients with all their data (E-053): preferences, channel data, subscriptions (for an object, also the
   * subscriptions to it), memberships, messages, runs, and the records of once-only workflows. Returns the keys of those that
   * existed.
   */
  deleteRecipients(keys: readonly RecipientKey[]): Promise<Set<RecipientKey>>;
  /**
   * Copies the data that only `from` has to `into`, moves the messages, subscriptions and memberships of `from`
   * and names it as the actor instead of `from` in the last 30 days (E-414). Then deletes `from`. Returns null
   * unless both exist.
   */
  mergeRecipients(into: RecipientKey, from: RecipientKey, at: number): Promise<CausedWork | null>;
  /** Writes preference sets. Creates recipients that do not exist, except for a removal. */
  writePreferenceSets(writes: readonly PreferenceWrite[], at: number): Promise<CausedWork>;
  /** Writes channel data, as `writePreferenceSets` does. */
  writeChannelData(writes: readonly ChannelDataWrite[], at: number): Promise<WrittenChannelData>;
}
