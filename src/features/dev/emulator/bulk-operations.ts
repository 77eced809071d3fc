import type { LocalOperations } from "../../../ports/operations.js";
import type { StoreControl } from "../../../ports/store-control.js";
import { yieldToEventLoop } from "../../../util/event-loop.js";
import { systemIds } from "../../../util/ids.js";
import { toIsoTime } from "../../../util/iso-time.js";
import type { JsonObject } from "../../../util/json.js";

/** One row of a bulk operation, with the recipient or message it is about and its action. */
export interface BulkItem {
  id: string;
  collection?: string;
  run(): Promise<unknown>;
}

interface BulkOperation {
  id: string;
  name: string;
  status: "queued" | "processing" | "completed" | "failed";
  estimated_total_rows: number;
  processed_rows: number;
  success_count: number;
  error_count: number;
  error_items: JsonObject[];
  inserted_at: string;
  started_at: string | null;
  completed_at: string | null;
  failed_at: string | null;
  updated_at: string;
}

/** The number of rows after which other requests are processed. */
const ROWS_PER_TURN = 25;
/** The number of operations kept in memory. The oldest finished ones are deleted first. */
const MAX_KEPT_OPERATIONS = 1_000;

/**
 * Bulk operations. A request gets the response `queued`. Its rows are then processed one after the other, one
 * operation at a time. A failed row is counted and listed, and the other rows continue. Operations are kept in memory
 * only, because no client reads one after a restart. Servers that share a store respond when all rows are processed, because
 * they may end at any time, and another server may be asked for the operation.
 */
export class BulkOperations {
  private readonly operationsById = new Map<string, BulkOperation>();
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly operations: Pick<LocalOperations, "readClock" | "checkWritable">,
    private readonly onDone: () => void,
    private readonly onError: (error: unknown) => void,
    /** Where operations that have ended are kept for other servers, or null. */
    private readonly shared: Pick<StoreControl, "keepResult" | "readResult"> | null = null,
  ) {}

  async start(name: string, items: readonly BulkItem[], baseUrl: string): Promise<JsonObject> {
    // Rows that fail because nothing can be written would only be counted.
    await this.operations.checkWritable();
    const now = await this.readNow();
    const operation: BulkOperation = {
      id: systemIds.uuid(),
      name,
      status: "queued",
      estimated_total_rows: items.length,
      processed_rows: 0,
      success_count: 0,
      error_count: 0,
      error_items: [],
      inserted_at: now,
      started_at: null,
      completed_at: null,
      failed_at: null,
      updated_at: now,
    };
    this.operationsById.set(operation.id, operation);
    for (const [id, { status }] of this.operationsById)
      if (this.operationsById.size > MAX_KEPT_OPERATIONS && hasEnded(status)) this.operationsById.delete(id);
    const response = serializeBulkOperation(operation, baseUrl);
    const ended = this.queue.then(() => this.run(operation, items));
    this.queue = ended.catch((error: unknown) => this.fail(operation, error));
    if (this.shared === null) return response;
    await ended;
    await this.shared.keepResult(operation.id, JSON.stringify(operation));
    return serializeBulkOperation(operation, baseUrl);
  }

  async read(id: string, baseUrl: string): Promise<JsonObject | null> {
    const kept = this.operationsById.has(id) ? null : ((await this.shared?.readResult(id)) ?? null);
    const operation = kept === null ? this.operationsById.get(id) : (JSON.parse(kept) as BulkOperation);
    return operation ? serializeBulkOperation(operation, baseUrl) : null;
  }

  /** Waits until all started operations have finished. */
  async waitUntilDone(): Promise<void> {
    await this.queue;
  }

  private async readNow(): Promise<string> {
    return (await this.operations.readClock()).now;
  }

  /** Marks an operation as failed because the store, including its clock, is unavailable. */
  private fail(operation: BulkOperation, error: unknown): void {
    operation.status = "failed";
    operation.failed_at = operation.updated_at = toIsoTime(Date.now());
    this.onError(error);
    this.onDone();
  }

  private async run(operation: BulkOperation, items: readonly BulkItem[]): Promise<void> {
    await yieldToEventLoop(); // the response is sent first
    const startedAt = await this.readNow();
    Object.assign(operation, { status: "processing", started_at: startedAt, updated_at: startedAt });
    for (const [index, item] of items.entries()) {
      try {
        await item.run();
        operation.success_count++;
      } catch {
        operation.error_count++;
        operation.error_items.push({ id: item.id, collection: item.collection ?? null });
      }
      operation.processed_rows++;
      if (index % ROWS_PER_TURN === ROWS_PER_TURN - 1) await yieldToEventLoop();
    }
    // Status and time change together, because a polling client may read between two changes.
    const completedAt = await this.readNow();
    Object.assign(operation, { status: "completed", completed_at: completedAt, updated_at: completedAt });
    this.onDone();
  }
}

function hasEnded(status: BulkOperation["status"]): boolean {
  return status === "completed" || status === "failed";
}

/** Returns a bulk operation in the API's format. */
function serializeBulkOperation({ error_items, ...operation }: BulkOperation, baseUrl: string): JsonObject {
  return {
    __typename: "BulkOperation",
    ...operation,
    error_items: [...error_items],
    progress_path: `${baseUrl}/v1/bulk_operations/${operation.id}`,
  };
}
