import type { StoreCopy } from "../../output/documents/store.js";
import type { TargetFlags } from "../services.js";

/** Works on stores as a whole, whatever project they belong to. */
export interface StoreService {
  /**
   * Copies a store to an empty one of the same or another kind. Throws `conflict` if the target is not empty or if a process
   * uses the source; then nothing was changed.
   */
  copyStore(from: string, to: string, setProgress: (text: string) => void): Promise<StoreCopy>;
  /** Creates or updates the tables of the project's store. Returns its location without a password. */
  migrateStore(flags: TargetFlags): Promise<string>;
}
