import { describe, expect, it } from "vitest";
import { BulkOperations } from "../../../../src/features/dev/emulator/bulk-operations.js";
import type { LocalOperations } from "../../../../src/ports/operations.js";

const URL = "http://127.0.0.1:1";

/** Returns operations that read the clock of a store that can be written. */
function operationsAt(now: string): Pick<LocalOperations, "readClock" | "checkWritable"> {
  return { readClock: async () => ({ now, frozen: true, offset_ms: 0 }), checkWritable: async () => {} };
}

function fail(error: unknown): never {
  throw error;
}

/** Returns a row that ends when `open` is called. */
function gate(): { run: () => Promise<void>; open: () => void; begun: Promise<void> } {
  let open = (): void => {};
  let begin = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  return {
    open,
    begun,
    run: () => {
      begin();
      return opened;
    },
  };
}

describe("bulk operations (A-108, A-520)", () => {
  it("are queued, then in progress row by row, then completed", async () => {
    const bulk = new BulkOperations(operationsAt("2025-06-04T10:00:00.000Z"), () => {}, fail);
    const last = gate();
    const items = [
      { id: "a", run: async () => {} },
      { id: "b", run: async () => Promise.reject(new Error("no")) },
      { id: "c", run: last.run },
    ];
    const answer = await bulk.start("users.bulk.identify", items, URL);
    expect(answer).toEqual({
      __typename: "BulkOperation",
      id: expect.any(String),
      name: "users.bulk.identify",
      status: "queued",
      estimated_total_rows: 3,
      processed_rows: 0,
      success_count: 0,
      error_count: 0,
      error_items: [],
      inserted_at: "2025-06-04T10:00:00.000Z",
      updated_at: "2025-06-04T10:00:00.000Z",
      started_at: null,
      completed_at: null,
      failed_at: null,
      progress_path: `${URL}/v1/bulk_operations/${answer.id}`,
    });
    await last.begun;
    const read = () => bulk.read(String(answer.id), URL);
    expect(await read()).toMatchObject({
      status: "processing",
      processed_rows: 2,
      success_count: 1,
      error_count: 1,
      error_items: [{ id: "b", collection: null }],
      started_at: "2025-06-04T10:00:00.000Z",
      completed_at: null,
    });
    last.open();
    await bulk.waitUntilDone();
    expect(await read()).toMatchObject({ status: "completed", processed_rows: 3, completed_at: expect.any(String) });
  });

  it("A-520 have the status completed or in progress only together with its time", async () => {
    const operations = operationsAt("2025-06-04T10:00:00.000Z");
    const { readClock } = operations;
    const seen: unknown[] = [];
    const bulk = new BulkOperations(operations, () => {}, fail);
    const { id } = await bulk.start("users.bulk.identify", [{ id: "a", run: async () => {} }], URL);
    operations.readClock = async () => {
      // A polling client may read the operation while it reads the store's time.
      await new Promise((resolve) => setImmediate(resolve));
      const { status, started_at, completed_at } = (await bulk.read(String(id), URL)) ?? {};
      seen.push([status, started_at === null, completed_at === null]);
      return readClock();
    };
    await bulk.waitUntilDone();
    expect(seen).toEqual([
      ["queued", true, true],
      ["processing", false, true],
    ]);
    expect(await bulk.read(String(id), URL)).toMatchObject({ status: "completed", completed_at: expect.any(String) });
  });

  it("run one after the other, in the order of the requests", async () => {
    const bulk = new BulkOperations(operationsAt("2025-06-04T10:00:00.000Z"), () => {}, fail);
    const first = gate();
    const order: string[] = [];
    await bulk.start("a", [{ id: "1", run: () => first.run().then(() => order.push("first")) }], URL);
    const second = await bulk.start("b", [{ id: "2", run: async () => order.push("second") }], URL);
    await first.begun;
    expect(await bulk.read(String(second.id), URL)).toMatchObject({ status: "queued" });
    first.open();
    await bulk.waitUntilDone();
    expect(order).toEqual(["first", "second"]);
  });

  it("fail when the store fails, and the next operation runs", async () => {
    const operations = operationsAt("2025-06-04T10:00:00.000Z");
    const { readClock } = operations;
    const errors: unknown[] = [];
    const repair = (error: unknown): void => {
      errors.push(error);
      operations.readClock = readClock;
    };
    const bulk = new BulkOperations(operations, () => {}, repair);
    const broken = async (): Promise<void> => {
      operations.readClock = async () => fail(new Error("the disk is full"));
    };
    const first = await bulk.start("a", [{ id: "1", run: broken }], URL);
    const second = await bulk.start("b", [{ id: "2", run: async () => {} }], URL);
    await bulk.waitUntilDone();
    expect(errors).toMatchObject([{ message: "the disk is full" }]);
    expect(await bulk.read(String(first.id), URL)).toMatchObject({
      status: "failed",
      completed_at: null,
      failed_at: expect.any(String),
    });
    expect(await bulk.read(String(second.id), URL)).toMatchObject({ status: "completed", success_count: 1 });
  });

  it("are null for an unknown id", async () => {
    expect(await new BulkOperations(operationsAt(""), () => {}, fail).read("x", URL)).toBeNull();
  });

  it("have ended in the response of a server that shares its store, and every server returns them", async () => {
    const results = new Map<string, string>();
    const shared = {
      keepResult: async (id: string, value: string) => void results.set(id, value),
      readResult: async (id: string) => results.get(id) ?? null,
    };
    const create = () => new BulkOperations(operationsAt("2025-06-04T10:00:00.000Z"), () => {}, fail, shared);
    const answer = await create().start("a", [{ id: "1", run: async () => {} }], URL);
    expect(answer).toMatchObject({ status: "completed", success_count: 1 });
    expect(await create().read(String(answer.id), URL)).toEqual(answer);
  });
});
