import type { FeedFilter } from "../domain/message/feed-filter.js";
import type { RecipientKey, RecipientReference } from "../domain/recipient/recipient.js";
import type { JsonObject } from "../util/json.js";
import type { NewMessages } from "./feed-store.js";
import type { Paged, PageRequest } from "./page-request.js";
import type { ScheduleFilter } from "./schedule-store.js";

/**
 * What a target holds besides runs and messages. Bodies and answers are JSON as the API has it: a body is checked here,
 * and `invalid_params` has a pointer per fault. `delete` and the like answer false for what was not there; reading it
 * gives null.
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
  /** Absent where nothing of the build asks: guides are read by applications, not by commands. */
  readonly guides?: GuideOperations;
  readonly schedules: ScheduleOperations;
  /** Returns the key that signs links to preference centers; it stays the same for as long as the store exists. */
  readLinkKey(): Promise<string>;
}

export interface UserOperations {
  list(page: PageRequest): Promise<Paged<JsonObject>>;
  read(id: string): Promise<JsonObject | null>;
  /** Creates or merges deeply. */
  set(id: string, body: JsonObject): Promise<JsonObject>;
  delete(id: string): Promise<boolean>;
  /** The other user's properties, preferences, channel data and messages become this one's, who wins. Null unless both exist. */
  merge(id: string, from: string): Promise<JsonObject | null>;
}

export interface ObjectOperations {
  /** Null: of every collection, tenants included. */
  list(collection: string | null, page: PageRequest): Promise<Paged<JsonObject>>;
  read(collection: string, id: string): Promise<JsonObject | null>;
  set(collection: string, id: string, body: JsonObject): Promise<JsonObject>;
  delete(collection: string, id: string): Promise<boolean>;
}

export interface TenantFilter {
  tenant_id?: string | undefined;
  name?: string | undefined;
}

export interface TenantOperations {
  list(filter: TenantFilter, page: PageRequest): Promise<Paged<JsonObject>>;
  read(id: string): Promise<JsonObject | null>;
  /** Its default preferences merge, too, unless they say `__persistence_strategy__: "replace"`. */
  set(id: string, body: JsonObject): Promise<JsonObject>;
  delete(id: string): Promise<boolean>;
}

export interface PreferenceOperations {
  /** Every set the recipient has, as `read` gives them, and `default` always. */
  list(recipient: RecipientReference): Promise<JsonObject[]>;
  /** Over the environment's defaults, and for a tenant's set, or the `tenant` given, over the tenant's; of an unknown recipient those alone. */
  read(recipient: RecipientReference, id: string, tenant?: string): Promise<JsonObject>;
  /** Replaces, unless the body's `__persistence_strategy__` is `merge`; creates the recipient if need be. */
  set(recipient: RecipientReference, id: string, body: JsonObject): Promise<JsonObject>;
  delete(recipient: RecipientReference, id: string): Promise<void>;
}

/** `channel` is a channel's id or key. Throws `channel_invalid` for an id nobody declared. */
export interface ChannelDataOperations {
  read(recipient: RecipientReference, channel: string): Promise<JsonObject | null>;
  /** Replaces the channel's entry; creates the recipient if need be. */
  set(recipient: RecipientReference, channel: string, body: JsonObject): Promise<JsonObject>;
  delete(recipient: RecipientReference, channel: string): Promise<boolean>;
}

export interface ObjectReference {
  collection: string;
  id: string;
}

/** An object's subscribers, or what a recipient subscribes to; of those any that a list names. */
export type SubscriptionScope =
  | { object: ObjectReference; recipients?: readonly RecipientKey[] | undefined }
  | { recipient: RecipientReference; objects?: readonly RecipientKey[] | undefined };

export interface SubscriptionOperations {
  /** Who subscribes to an object (`mode=object`), or what a recipient subscribes to. Throws `resource_missing` for an unknown object. */
  list(scope: SubscriptionScope, page: PageRequest): Promise<Paged<JsonObject>>;
  /** Creates or updates. Throws `resource_missing` for an unknown object. */
  add(object: ObjectReference, body: JsonObject): Promise<JsonObject[]>;
  /** Answers with those removed. */
  delete(object: ObjectReference, body: JsonObject): Promise<JsonObject[]>;
}

export interface AudienceOperations {
  /** Throws `resource_missing` for an unknown audience, as the others do. */
  list(key: string, page: PageRequest): Promise<Paged<JsonObject>>;
  /** Identifies users given inline. */
  add(key: string, body: JsonObject, options: { create_audience: boolean }): Promise<void>;
  /** Removes members, and returns those removed: users who are not members are ignored. */
  remove(key: string, body: JsonObject): Promise<{ user_id: string; tenant: string | null }[]>;
}

/** A feed's answer without what only its rich mode has. */
export interface FeedPage extends Paged<JsonObject> {
  meta: JsonObject;
  vars: JsonObject;
}

export interface FeedOperations {
  /** Of an unknown recipient an empty page. Throws `channel_invalid` for a channel of another type. */
  list(filter: FeedFilter, page: PageRequest): Promise<FeedPage>;
  /** Whose feeds may have changed since an earlier answer's `mark`, as far as new messages tell. */
  readNewMessages(mark: string | null): Promise<NewMessages>;
}

/** Whose guides, and for what page or application: `data` is what conditions and content read as `data`. */
export interface GuideQuery {
  user: string;
  /** A guide channel's id or key. */
  channel: string;
  tenant: string | null;
  data: JsonObject;
  /** A message type's key: guides of others are left out. */
  type?: string | undefined;
  /** Whether `entries` has those as well that the user may not see. */
  force_all_guides?: boolean | undefined;
}

export const GUIDE_ACTIONS = ["seen", "interacted", "archived"] as const;
export type GuideAction = (typeof GUIDE_ACTIONS)[number];

export interface GuideOperations {
  /**
   * The API's `GuidesResponse`; of an unknown user what is for everybody. Throws `channel_invalid` for a channel of
   * another type.
   */
  list(query: GuideQuery): Promise<JsonObject>;
  /** A step's message is made with the first. Throws `resource_missing` for an unknown guide. */
  recordEngagement(user: string, action: GuideAction, body: JsonObject): Promise<void>;
  /** Of all its steps. */
  unarchive(user: string, body: JsonObject): Promise<void>;
  /** As if nothing had been done yet: the next engagement makes new messages, the old ones stay as a record. */
  reset(user: string, body: JsonObject): Promise<void>;
  /** Guides that cannot be shown to anyone, by key, with why. */
  readErrors(): Promise<ReadonlyMap<string, Error>>;
}

/** Bodies are the API's; `name` is how faults of one call it. Ids of no schedule are `resource_missing`, and change nothing. */
export interface ScheduleOperations {
  /** The newest first. The API asks for a workflow in the filter, or for one recipient. */
  list(filter: ScheduleFilter, page: PageRequest): Promise<Paged<JsonObject>>;
  /** The API has no such request: a remote target finds it in a list. */
  read(id: string): Promise<JsonObject | null>;
  /** One schedule per recipient, in the order given. */
  create(body: JsonObject, name?: string): Promise<JsonObject[]>;
  /** Up to 1,000 of one recipient each. */
  createMany(body: JsonObject, name?: string): Promise<JsonObject[]>;
  /** The same change for up to 100 schedules. */
  update(body: JsonObject, name?: string): Promise<JsonObject[]>;
  /** Ends them with the occurrence that is to come; runs already started go on (E-364, A-270). */
  delete(body: JsonObject): Promise<JsonObject[]>;
}
