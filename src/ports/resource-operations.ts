import type { FeedFilter } from "../domain/message/feed-filter.js";
import type { PreferenceOrigin } from "../domain/recipient/preference-set.js";
import type { RecipientKey, RecipientReference } from "../domain/recipient/recipient.js";
import type { JsonObject } from "../util/json.js";
import type { BulkOperations } from "./bulk-operations.js";
import type { NewMessages } from "./feed-store.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { UserFilter } from "./recipient-store.js";
import type { RunHistory } from "./run-history.js";
import type { ScheduleFilter } from "./schedule-store.js";

/**
 * The resources of a target other than runs and messages. Bodies and results are JSON in the API's format. The target
 * checks bodies: `invalid_params` has a pointer for each error. `delete` and similar operations return false if the
 * resource did not exist; reading it returns null. The remote target throws `not_supported` where the API has no request.
 */
export interface ResourceOperations {
  readonly users: UserOperations;
  readonly objects: ObjectOperations;
  readonly tenants: TenantOperations;
  readonly preferences: PreferenceOperations;
  readonly channelData: ChannelDataOperations;
  readonly subscriptions: SubscriptionOperations;
  readonly audiences: AudienceOperations;
  readonly feeds: FeedOperations;
  readonly schedules: ScheduleOperations;
  /** Absent if single changes are as fast, as on the local target. */
  readonly bulk?: BulkOperations;
  /** Absent on the local target, whose store contains the runs. */
  readonly history?: RunHistory;
}

/** The resources of the local target, with those that only its engine and the emulator use. */
export interface LocalResourceOperations extends ResourceOperations {
  readonly audiences: LocalAudienceOperations;
  readonly feeds: LocalFeedOperations;
  /** Absent in builds that do not need it: guides are read by applications, not by commands. */
  readonly guides?: GuideOperations;
  /** Returns the key that signs links that need no API key. It stays the same for as long as the store exists. */
  readLinkKey(): Promise<string>;
  /**
   * Returns the time in milliseconds of the last run or message whose links may have no token. Null if all have one: the store is
   * not from an older version.
   */
  readUnsignedLinksUntil(): Promise<number | null>;
}

export interface UserOperations {
  /** Lists users. The remote target throws `not_supported` for a filter. */
  list(filter: UserFilter, page: PageRequest): Promise<Paged<JsonObject>>;
  read(id: string): Promise<JsonObject | null>;
  /** Creates a user or merges deeply. `by` is the origin of its preferences, such as a request. */
  set(id: string, body: JsonObject, by?: string): Promise<JsonObject>;
  delete(id: string): Promise<boolean>;
  /**
   * Merges the user `from` into `id`: properties, preferences, channel data and messages. Values of `id` take
   * precedence. Returns null unless both exist.
   */
  merge(id: string, from: string): Promise<JsonObject | null>;
}

export interface ObjectOperations {
  /** Lists objects. If `collection` is null, lists all collections, including tenants (local target only). */
  list(collection: string | null, page: PageRequest): Promise<Paged<JsonObject>>;
  read(collection: string, id: string): Promise<JsonObject | null>;
  set(collection: string, id: string, body: JsonObject, by?: string): Promise<JsonObject>;
  delete(collection: string, id: string): Promise<boolean>;
}

export interface TenantFilter {
  tenant_id?: string | undefined;
  name?: string | undefined;
}

export interface TenantOperations {
  list(filter: TenantFilter, page: PageRequest): Promise<Paged<JsonObject>>;
  read(id: string): Promise<JsonObject | null>;
  /**
   * Creates a tenant or merges deeply. Its default preferences are also merged, unless they contain
   * `__persistence_strategy__: "replace"`.
   */
  set(id: string, body: JsonObject, by?: string): Promise<JsonObject>;
  delete(id: string): Promise<boolean>;
}

export interface PreferenceOperations {
  /** Returns every set of the recipient in the form that `read` returns, and always `default`. */
  list(recipient: RecipientReference): Promise<JsonObject[]>;
  /**
   * Returns a set merged over the environment's defaults and, for a tenant's set or a given `tenant`, over the tenant's
   * defaults. For an unknown recipient, returns only the defaults.
   */
  read(recipient: RecipientReference, id: string, tenant?: string): Promise<JsonObject>;
  /**
   * Replaces a set, unless the body's `__persistence_strategy__` is `merge`. Creates the recipient if
   * necessary. `by` is the origin that `readOrigin` returns, such as a request.
   */
  set(recipient: RecipientReference, id: string, body: JsonObject, by?: string): Promise<JsonObject>;
  delete(recipient: RecipientReference, id: string): Promise<void>;
  /**
   * Returns what set the preference at a path of a set, or of a tenant's defaults (`TENANT_DEFAULTS`). Null if it is unknown, as
   * on the remote target.
   */
  readOrigin(recipient: RecipientReference, id: string, path: string): Promise<PreferenceOrigin | null>;
}

/** `channel` is a channel's id or key. Throws `channel_invalid` for an undeclared id. */
export interface ChannelDataOperations {
  read(recipient: RecipientReference, channel: string): Promise<JsonObject | null>;
  /** Replaces the channel's entry. Creates the recipient if necessary. */
  set(recipient: RecipientReference, channel: string, body: JsonObject): Promise<JsonObject>;
  delete(recipient: RecipientReference, channel: string): Promise<boolean>;
}

export interface ObjectReference {
  collection: string;
  id: string;
}

/**
 * The subscribers of an object, or the subscriptions of a recipient. A list limits the result to the recipients or
 * objects in it.
 */
export type SubscriptionScope =
  | { object: ObjectReference; recipients?: readonly RecipientKey[] | undefined }
  | { recipient: RecipientReference; objects?: readonly RecipientKey[] | undefined };

export interface SubscriptionOperations {
  /**
   * Lists the subscribers of an object (`mode=object`), or the subscriptions of a recipient. Throws `resource_missing`
   * for an unknown object.
   */
  list(scope: SubscriptionScope, page: PageRequest): Promise<Paged<JsonObject>>;
  /** Creates or updates subscriptions. Throws `resource_missing` for an unknown object. */
  add(object: ObjectReference, body: JsonObject): Promise<JsonObject[]>;
  /** Deletes subscriptions. Returns those that existed. */
  delete(object: ObjectReference, body: JsonObject): Promise<JsonObject[]>;
}

export interface AudienceOperations {
  /** Lists members. Throws `resource_missing` for an unknown audience, as the other operations do. */
  list(key: string, page: PageRequest): Promise<Paged<JsonObject>>;
  /** Adds members. Identifies users that are given inline. */
  add(key: string, body: JsonObject, options: { create_audience: boolean }): Promise<void>;
  /**
   * Removes members. Returns those removed, or null if the target does not report them. Users who are not members are
   * ignored.
   */
  remove(key: string, body: JsonObject): Promise<RemovedMember[] | null>;
}

export interface RemovedMember {
  user_id: string;
  tenant: string | null;
}

export interface LocalAudienceOperations extends AudienceOperations {
  remove(key: string, body: JsonObject): Promise<RemovedMember[]>;
}

/** A page of a feed, without the fields that only its rich mode has. */
export interface FeedPage extends Paged<JsonObject> {
  meta: JsonObject;
  vars: JsonObject;
}

export interface FeedOperations {
  /**
   * Lists a feed. Returns an empty page for an unknown recipient. Throws `channel_invalid` for a channel of another
   * type. The remote target requires a channel's id and lists only feeds of users.
   */
  list(filter: FeedFilter, page: PageRequest): Promise<FeedPage>;
}

export interface LocalFeedOperations extends FeedOperations {
  /** Returns the recipients whose feeds may have new messages since the `cursor` of an earlier call. */
  readNewMessages(cursor: string | null): Promise<NewMessages>;
}

/** The user whose guides are read, and for which page or application. Conditions and content read `data` as `data`. */
export interface GuideQuery {
  user: string;
  /** A guide channel's id or key. */
  channel: string;
  tenant: string | null;
  data: JsonObject;
  /** A message type's key. Guides with other types are left out. */
  type?: string | undefined;
  /** Whether `entries` also contains guides that the user may not see. */
  force_all_guides?: boolean | undefined;
}

export const GUIDE_ACTIONS = ["seen", "interacted", "archived"] as const;
export type GuideAction = (typeof GUIDE_ACTIONS)[number];

export interface GuideOperations {
  /**
   * Returns the API's `GuidesResponse`. An unknown user gets the guides that are for everyone. Throws
   * `channel_invalid` for a channel of another type.
   */
  list(query: GuideQuery): Promise<JsonObject>;
  /**
   * Records an engagement. The first one creates the step's message. Throws `resource_missing` for an
   * unknown guide.
   */
  recordEngagement(user: string, action: GuideAction, body: JsonObject): Promise<void>;
  /** Unarchives all steps of a guide. */
  unarchive(user: string, body: JsonObject): Promise<void>;
  /**
   * Resets a guide to the state without engagements. The next engagement creates new messages; the old ones stay as a
   * record.
   */
  reset(user: string, body: JsonObject): Promise<void>;
  /** Returns the errors of guides that cannot be shown to anyone, by key. */
  readErrors(): Promise<ReadonlyMap<string, Error>>;
}

/**
 * Bodies have the API's format. `name` is the name of the call in its findings. An unknown schedule id throws
 * `resource_missing`, and nothing is changed.
 */
export interface ScheduleOperations {
  /**
   * Lists schedules, newest first. The API requires a workflow or one recipient in the filter.
   */
  list(filter: ScheduleFilter, page: PageRequest): Promise<Paged<JsonObject>>;
  /**
   * Reads a schedule. The API has no such request: the remote target finds the schedule in the list that `filter`
   * selects.
   */
  read(id: string, filter?: ScheduleFilter): Promise<JsonObject | null>;
  /** Creates one schedule per recipient, in the order given. */
  create(body: JsonObject, name?: string): Promise<JsonObject[]>;
  /** Creates up to 1,000 schedules of one recipient each. */
  createMany(body: JsonObject, name?: string): Promise<JsonObject[]>;
  /** Applies the same change to up to 100 schedules. */
  update(body: JsonObject, name?: string): Promise<JsonObject[]>;
  /**
   * Deletes schedules, including the next occurrence. Runs that already started continue (E-364, A-270). Returns the schedules,
   * or an empty list if the response of the API was lost.
   */
  delete(body: JsonObject): Promise<JsonObject[]>;
}
