import type { AudienceMembership } from "../domain/audience/audience.js";
import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { Subscription } from "../domain/recipient/subscription.js";

/** A recipients file's content, applied once per content (`digest`). */
export interface Seed {
  file: string;
  digest: string;
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
  audiences: { key: string; members: AudienceMembership[] }[];
}

/** Applies recipients files, and empties the store. */
export interface SeedStore {
  /** Digests of the recipients files applied so far, by file. */
  readSeeds(): Promise<Map<string, string>>;
  applySeeds(seeds: readonly Seed[], at: number): Promise<void>;
  /** Forgets everything but the clock, and with `keepRecipients` but recipients, their subscriptions and memberships. */
  clear(options: { keepRecipients: boolean }): Promise<void>;
}
