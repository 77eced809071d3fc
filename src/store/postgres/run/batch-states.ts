import type { BatchChange, OpenBatch } from "../../../domain/run/decide-batch.js";
import { stringify } from "../../rows/json-column.js";
import type { Transaction } from "../connection/transaction.js";

/** An open batch during a transaction. The row is null until a new batch is inserted. */
export interface BatchState extends OpenBatch {
  key: string;
  row: number | null;
}

/**
 * Locks the open batches of keys, in the order of the keys. For a key without one, a placeholder is inserted, which makes other
 * transactions wait: a row that does not exist cannot be locked.
 */
const LOCK = `
  INSERT INTO batches (key, open, opened_at, closes_at, items)
  SELECT key, 1, $2, $2, 0 FROM unnest($1::text[]) AS asked (key)
  ON CONFLICT (key) WHERE open = 1 DO UPDATE SET key = excluded.key WHERE false
  RETURNING row, key`;

const SELECT_OPEN =
  "SELECT row, key, opened_at, closes_at, holder AS waiting_run, items FROM batches WHERE open = 1 AND key = ANY($1::text[])";

const UPDATE = `
  UPDATE batches b SET opened_at = c.opened_at, closes_at = c.closes_at, holder = c.waiting_run, items = c.items
  FROM json_to_recordset($1::json) AS c (row bigint, opened_at bigint, closes_at bigint, waiting_run bigint, items integer)
  WHERE b.row = c.row`;

const INSERT = `
  INSERT INTO batches (key, open, opened_at, closes_at, holder, items)
  SELECT key, 1, opened_at, closes_at, waiting_run, items
  FROM json_to_recordset($1::json) AS c (key text, opened_at bigint, closes_at bigint, waiting_run bigint, items integer)
  RETURNING row, key`;

/** The open batches of the keys that a transaction has locked. */
export class BatchStates {
  private readonly open = new Map<string, BatchState>();
  private readonly changed = new Set<BatchState>();
  private readonly expired: BatchState[] = [];

  /** `placeholders` are rows by key, for batches that may be opened. */
  private constructor(
    stored: readonly BatchState[],
    private readonly placeholders: Map<string, number>,
  ) {
    for (const state of stored) this.open.set(state.key, state);
  }

  /** `keys` must be sorted. */
  static async lock(tx: Transaction, keys: readonly string[], now: number): Promise<BatchStates> {
    const inserted = await tx.all<{ row: number; key: string }>(LOCK, keys, now);
    const placeholders = new Map(inserted.map(({ row, key }) => [key, row]));
    const others = keys.filter((key) => !placeholders.has(key));
    const stored = others.length === 0 ? [] : await tx.all<BatchState>(SELECT_OPEN, others);
    return new BatchStates(stored, placeholders);
  }

  find(key: string): BatchState | null {
    return this.open.get(key) ?? null;
  }

  /** Applies a change. Returns the batch that the run joined or opened, or null. */
  apply(key: string, change: BatchChange<BatchState>, now: number): BatchState | null {
    const { expiredBatch, joinedBatch, closes_at, items } = change;
    if (expiredBatch !== null) {
      this.expired.push(expiredBatch);
      this.open.delete(key);
    }
    if (closes_at === null) return null;
    const state = joinedBatch ?? this.add(key, now);
    state.closes_at = closes_at;
    state.items = items;
    this.changed.add(state);
    return state;
  }

  private add(key: string, now: number): BatchState {
    const row = this.placeholders.get(key) ?? null;
    this.placeholders.delete(key);
    const state: BatchState = { key, row, opened_at: now, closes_at: now, waiting_run: null, items: 0 };
    this.open.set(key, state);
    return state;
  }

  /** Writes what has changed, and gives new batches their rows. */
  async write(tx: Transaction): Promise<void> {
    const unused = [...this.placeholders.values()];
    if (unused.length > 0) await tx.run("DELETE FROM batches WHERE row = ANY($1)", unused);
    const expired = this.expired.flatMap(({ row }) => row ?? []);
    if (expired.length > 0) await tx.run("UPDATE batches SET open = 0 WHERE row = ANY($1)", expired);
    const isExpired = new Set(this.expired);
    const current = [...this.changed].filter((state) => !isExpired.has(state));
    const known = current.filter(({ row }) => row !== null);
    if (known.length > 0) await tx.run(UPDATE, stringify(known));
    const fresh = current.filter(({ row }) => row === null);
    if (fresh.length === 0) return;
    const inserted = await tx.all<{ row: number; key: string }>(INSERT, stringify(fresh));
    const rows = new Map(inserted.map(({ row, key }) => [key, row]));
    for (const state of fresh) state.row = rows.get(state.key) ?? null;
  }
}
