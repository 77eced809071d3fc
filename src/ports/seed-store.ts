import type { AudienceMembership } from "../domain/audience/audience.js";
import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { Subscription } from "../domain/recipient/subscription.js";
import type { RecipientsFileMark } from "../domain/request/parse-recipients-file.js";

/** The content of a recipients file. It is applied once per content (`digest`). */
export interface Seed {
  file: string;
  digest: string;
  stamp?: string | null;
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
  audiences: { key: string; members: AudienceMembership[] }[];
}

/** Applies recipients files, and empties the store. */
export interface SeedStore {
  /** Returns the marks of the recipients files applied so far, by file. */
  readSeeds(): Promise<Map<string, RecipientsFileMark>>;
  /** Applies files whose digest is new, and stores the stamps of all. */
  applySeeds(seeds: readonly Seed[], at: number): Promise<void>;
  /**
   * Deletes everything but the clock. With `keepRecipients`, recipients, their subscriptions and memberships are also
   * kept.
   */
  clear(options: { keepRecipients: boolean }): Promise<void>;
}
