import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { StoredSubscription, Subscription } from "../domain/recipient/subscription.js";
import type { Paged, PageRequest } from "./page-request.js";

/** All that is set must hold; of a list any. */
export interface SubscriptionFilter {
  object?: RecipientKey | undefined;
  recipient?: RecipientKey | undefined;
  objects?: readonly RecipientKey[] | undefined;
  recipients?: readonly RecipientKey[] | undefined;
}

/** Keeps who subscribes to which object. */
export interface SubscriptionStore {
  /** An object's subscriptions in order of their making (E-055), after a cursor of an earlier answer; `next` null at the end. */
  listSubscribers(
    object: RecipientKey,
    after: number | null,
    limit: number,
  ): Promise<{ items: Subscription[]; next: number | null }>;
  /** New pairs and new properties of old ones, which are replaced whole; in the order given, each pair once. */
  upsertSubscriptions(subscriptions: readonly Subscription[], at: number): Promise<StoredSubscription[]>;
  /** Answers with those that existed. */
  deleteSubscriptions(pairs: readonly Pick<Subscription, "object" | "recipient">[]): Promise<StoredSubscription[]>;
  /** Who subscribes to an object, what a recipient subscribes to, or whether one does to the other. */
  listSubscriptions(filter: SubscriptionFilter, page: PageRequest): Promise<Paged<StoredSubscription>>;
}
