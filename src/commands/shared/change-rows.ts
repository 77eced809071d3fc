import { setImmediate } from "node:timers/promises";
import type { CommandContext } from "../../context/command-context.js";
import { type ErrorCode, EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { type BulkResult, printBulkResult } from "../../output/print-bulk.js";
import { type BulkOptions, MAX_BULK_ROWS } from "../../ports/bulk-operations.js";
import { isLocal, type Operations } from "../../ports/operations.js";

/** Errors of one row. Any other error would also occur for the later rows, so it ends the command. */
const ROW_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "invalid_params",
  "resource_missing",
  "channel_invalid",
  "payload_too_large",
  "recipient_not_allowed",
  "conflict",
]);

export interface RowChange<Row> {
  /** The words of the result, such as `user` and `set`, and of the progress, such as `setting users`. */
  words: { noun: string; verb: string; progress: string };
  getId(row: Row): string;
  /** Changes one row. Throws if it fails. */
  changeOne(row: Row): Promise<unknown>;
  /** Changes many rows with one request, and returns the IDs of those that failed. Absent if there is no such request. */
  changeMany?: ((rows: readonly Row[], options: BulkOptions) => Promise<string[]>) | undefined;
}

/** A run over all rows. */
class RowRun<Row> {
  private readonly result: BulkResult;

  constructor(
    private readonly rows: readonly Row[],
    private readonly change: RowChange<Row>,
    private readonly signal: AbortSignal,
    private readonly setText: (text: string) => void,
  ) {
    this.result = { total: rows.length, succeeded: [], failed: [], remaining: rows.length };
  }

  async run(): Promise<BulkResult> {
    try {
      for (let start = 0; start < this.rows.length && !this.signal.aborted; start += MAX_BULK_ROWS)
        await this.runChunk(this.rows.slice(start, start + MAX_BULK_ROWS));
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      if (error.code !== "interrupted") throw this.addProgress(error);
    }
    return this.result;
  }

  /** Changes a chunk with one request. Failed rows are sent again one by one, because only single requests return the error. */
  private async runChunk(rows: readonly Row[]): Promise<void> {
    const failedIds = await this.changeTogether(rows);
    if (failedIds !== null)
      for (const row of rows) if (!failedIds.has(this.change.getId(row))) this.addSuccess(this.change.getId(row));
    for (const row of rows) {
      const id = this.change.getId(row);
      if (failedIds !== null && !failedIds.has(id)) continue;
      if (this.signal.aborted) return;
      try {
        await this.change.changeOne(row);
        this.addSuccess(id);
      } catch (error) {
        if (!(error instanceof KnockError) || !ROW_ERRORS.has(error.code)) throw error;
        this.result.failed.push({ id, code: error.code, message: error.message });
        this.result.remaining--;
      }
      this.showProgress();
      await setImmediate(); // The local store never waits, and signals must be handled.
    }
  }

  /** Returns the IDs of the rows that failed; null if the rows must be changed one by one. */
  private async changeTogether(rows: readonly Row[]): Promise<Set<string> | null> {
    const { changeMany } = this.change;
    if (changeMany === undefined || rows.length === 1) return null;
    const options = { signal: this.signal, onProgress: (processed: number) => this.showProgress(processed) };
    try {
      return new Set(await changeMany(rows, options));
    } catch (error) {
      // One invalid row makes the whole request invalid, and then nothing was changed.
      if (error instanceof KnockError && ROW_ERRORS.has(error.code)) return null;
      throw error;
    }
  }

  private addSuccess(id: string): void {
    this.result.succeeded.push(id);
    this.result.remaining--;
  }

  private showProgress(more = 0): void {
    const { total, remaining, failed } = this.result;
    const failures = failed.length === 0 ? "" : `, ${failed.length} failed`;
    this.setText(`${this.change.words.progress}: ${total - remaining + more} of ${total}${failures}`);
  }

  private addProgress(error: KnockError): KnockError {
    const { total, succeeded, failed } = this.result;
    const { noun, verb } = this.change.words;
    const done = `Before this error, ${succeeded.length} of ${total} ${noun}s were ${verb}`;
    const progress = failed.length === 0 ? `${done}.` : `${done}, and ${failed.length} failed.`;
    return error.copyWith({ hint: error.hint === undefined ? progress : `${progress} ${error.hint}` });
  }
}

/** Waits for the disk once at the end, because a local store would wait for it after each row. */
async function withOneDiskSync<T>(operations: Operations, work: () => Promise<T>): Promise<T> {
  if (!isLocal(operations)) return work();
  await operations.deferDiskSync();
  try {
    return await work();
  } finally {
    await operations.syncToDisk();
  }
}

/**
 * Changes rows in chunks, or one by one if the target has no request for many. Prints the result, and sets the exit
 * code: 9 if some rows failed, 1 if all did.
 */
export async function changeRows<Row>(
  rows: readonly Row[],
  change: RowChange<Row>,
  operations: Operations,
  { output, signal, setExitCode }: CommandContext,
): Promise<void> {
  const { noun, verb, progress } = change.words;
  const run = (setText: (text: string) => void): Promise<BulkResult> => new RowRun(rows, change, signal, setText).run();
  const result = await withOneDiskSync(operations, () => output.showProgress(progress, run));
  printBulkResult(noun, verb, result, output);
  if (result.failed.length > 0) setExitCode(result.succeeded.length > 0 ? EXIT.partial : EXIT.failure);
}
