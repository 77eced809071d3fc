import type { AudienceMembership } from "../domain/audience/audience.js";
import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { Subscription } from "../domain/recipient/subscription.js";
import type { RecipientsFileMark } from "../domain/request/parse-recipients-file.js";
import type { Schedule } from "../domain/trigger/schedule.js";

/** The content of a recipients or schedules file. It is applied once per content (`digest`). */
export interface Seed {
  file: string;
  digest: string;
  stamp?: string | null;
  recipients: RecipientUpsert[];
  subscriptions: Subscription[];
  audiences: { key: string; members: AudienceMembership[] }[];
  schedules?: ScheduleChanges;
}

/** Changes of schedules: those to write, which may exist, and the IDs of those to delete. */
export interface ScheduleChanges {
  saved: Schedule[];
  removed: string[];
}

/** Applies the files of recipients and schedules, and empties the store. */
export interface SeedStore {
  /** Returns the marks of the files applied so far, by file. */
  readSeeds(): Promise<Map<string, RecipientsFileMark>>;
  /** Applies files whose digest is new, and stores the stamps of all. */
  applySeeds(seeds: readonly Seed[], at: number): Promise<void>;
  /**
   * Deletes everything but the clock. With `keepRecipients`, recipients, their subscriptions and memberships are also
   * kept.
   */
  clear(options: { keepRecipients: boolean }): Promise<void>;
}
