import type { JsonObject } from "../util/json.js";

/** A user, tenant or object with its ID. */
export type BulkRow = JsonObject & { id: string };

export interface BulkOptions {
  /** Called with the number of rows that are done. */
  onProgress(processed: number): void;
  signal: AbortSignal;
}

/** Maximum number of rows in one call. */
export const MAX_BULK_ROWS = 1_000;

/**
 * Changes that the target makes for many rows with one request. Each resolves when the change has ended, to the IDs of
 * the rows that failed; the target does not report why. Throws `invalid_params`, and changes nothing, if the target
 * rejects the whole request.
 */
export interface BulkOperations {
  /** Sets the users, tenants or objects of a collection. */
  set(collection: string, rows: readonly BulkRow[], options: BulkOptions): Promise<string[]>;
  /** Deletes the users, tenants or objects of a collection. */
  delete(collection: string, ids: readonly string[], options: BulkOptions): Promise<string[]>;
  /** Replaces a preference set of users. */
  setPreferences(
    users: readonly string[],
    set: { id: string; body: JsonObject },
    options: BulkOptions,
  ): Promise<string[]>;
}
