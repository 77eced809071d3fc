import type { AudienceMember, AudienceMembership } from "../domain/audience/audience.js";
import type { Guide } from "../domain/guide/guide.js";
import type { FeedCounts, FeedFilter } from "../domain/message/feed.js";
import type { EngagementAction, Message } from "../domain/message/message.js";
import type { PreferenceSet } from "../domain/recipient/preference-set.js";
import type { Recipient, RecipientKey } from "../domain/recipient/recipient.js";
import type { StoredSubscription, Subscription } from "../domain/recipient/subscription.js";
import type { JsonObject } from "../util/json.js";
import type { Page, Paged } from "./page.js";

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

/** All that is set must hold; of a list any. */
export interface SubscriptionFilter {
  object?: RecipientKey | undefined;
  recipient?: RecipientKey | undefined;
  objects?: readonly RecipientKey[] | undefined;
  recipients?: readonly RecipientKey[] | undefined;
}

/** A channel's data to write whole; null removes it. */
export interface ChannelDataWrite {
  recipient: RecipientKey;
  /** UUID. */
  channel_id: string;
  data: JsonObject | null;
}

/** What a user did with a step of a guide. */
export interface GuideEngagement {
  guide: Guide;
  /** As it is made where this is the first engagement; its recipient, tenant, guide and step say which one it is. */
  message: Message;
  action: EngagementAction;
  /** The data of the action's event. */
  data: JsonObject | null;
}

/** Whoever got a message by being made one: not by a delayed delivery, and not by a merge. */
export interface NewMessages {
  /** To ask with the next time. */
  mark: string;
  /** Null: anybody, as far as can be told. */
  recipients: RecipientKey[] | null;
}

/** The part of the store behind the resource commands. As in `Store`: whole verbs, each atomic, times in milliseconds. */
export interface ResourceStore {
  /** Returns the random secret of this name, 64 hex digits, created when it is first read. It survives restarts and `clear`. */
  readSecret(name: string): Promise<string>;
  listRecipients(filter: RecipientFilter, page: Page): Promise<Paged<Recipient>>;
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

  /** New pairs and new properties of old ones, which are replaced whole; in the order given, each pair once. */
  upsertSubscriptions(subscriptions: readonly Subscription[], at: number): Promise<StoredSubscription[]>;
  /** Answers with those that existed. */
  deleteSubscriptions(pairs: readonly Pick<Subscription, "object" | "recipient">[]): Promise<StoredSubscription[]>;
  /** Who subscribes to an object, what a recipient subscribes to, or whether one does to the other. */
  listSubscriptions(filter: SubscriptionFilter, page: Page): Promise<Paged<StoredSubscription>>;

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
  listAudienceMembers(audience: string, page: Page): Promise<Paged<AudienceMember>>;

  /** Undelivered ones are queued again, due at once (E-213); answers with those. */
  retryMessages(ids: readonly string[], at: number): Promise<Message[]>;

  /** A user's messages of any guide, in a tenant or in none. */
  readGuideMessages(user: RecipientKey, tenant: string | null): Promise<Message[]>;
  /** Makes the message if it is not there, and marks it. */
  engageGuide(engagement: GuideEngagement, at: number): Promise<Message>;
  /** A user's messages of a guide stay, and are no more read as its own; answers with how many there were. */
  resetGuide(user: RecipientKey, guide: string, tenant: string | null): Promise<number>;

  /** In-app feed messages of a recipient; `counts` ignore status and paging. */
  listFeed(
    filter: FeedFilter,
    page: Page,
  ): Promise<Paged<{ message: Message; cursor: string }> & { counts: FeedCounts }>;
  /** Who got messages after an earlier call's `mark`; null where that is not known, or they are many. */
  newMessagesSince(mark: string | null): Promise<NewMessages>;
}
