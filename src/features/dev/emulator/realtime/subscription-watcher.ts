/** Reports changes to the subscriptions that sockets have joined. */
export interface SubscriptionWatcher<Subscription> {
  /** Reports changes to the subscription from now on. Throws if the first read fails. */
  add(subscription: Subscription): Promise<void>;
  remove(subscription: Subscription): void;
  /** Resolves when the read in progress has ended. */
  stop(): Promise<void>;
}
