import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { StoredSubscription, Subscription } from "../domain/recipient/subscription.js";
import type { Paged, PageRequest } from "./page-request.js";

/** A filter in which every field that is set must match. If a field is a list, any of its values matches. */
export interface SubscriptionFilter {
  object?: RecipientKey | undefined;
  recipient?: RecipientKey | undefined;
  objects?: readonly RecipientKey[] | undefined;
  recipients?: readonly RecipientKey[] | undefined;
}

/** Stores the subscriptions of recipients to objects. */
export interface SubscriptionStore {
  /**
   * Returns an object's subscriptions in order of creation (E-055), after a cursor from an earlier call. `next` is null
   * at the end.
   */
  listSubscribers(
    object: RecipientKey,
    after: number | null,
    limit: number,
  ): Promise<{ items: Subscription[]; next: number | null }>;
  /**
   * Creates subscriptions, or replaces the properties of existing ones completely. Returns them in the order
   * given, each pair once.
   */
  upsertSubscriptions(subscriptions: readonly Subscription[], at: number): Promise<StoredSubscription[]>;
  /** Deletes subscriptions. Returns those that existed. */
  deleteSubscriptions(pairs: readonly Pick<Subscription, "object" | "recipient">[]): Promise<StoredSubscription[]>;
  /** Lists the subscribers of an object, the subscriptions of a recipient, or one pair of both. */
  listSubscriptions(filter: SubscriptionFilter, page: PageRequest): Promise<Paged<StoredSubscription>>;
}
