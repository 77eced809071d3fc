import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KnockError } from "../../src/errors/knock-error.js";
import type { BulkOperations, BulkOptions } from "../../src/ports/bulk-operations.js";
import type { Operations } from "../../src/ports/operations.js";
import { openRemote } from "../../src/remote/open-remote.js";
import type { JsonObject } from "../../src/util/json.js";
import { type StubApi, startStubApi } from "../helpers/stub-api.js";
import { get } from "./api-bodies.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

const ID = "0e3c7c3e-5b0e-4b0e-9f0e-3b0e5b0e4b0e";
const POLL = `/v1/bulk_operations/${ID}`;
const operation = (status: string, more: JsonObject = {}): JsonObject => ({ id: ID, status, ...more });

describe("bulk requests", () => {
  let api: StubApi;
  let time: ReturnType<typeof createFakeClock>;
  let remote: Operations;
  let bulk: BulkOperations;
  let processed: number[];
  let options: BulkOptions;

  beforeEach(async () => {
    api = await startStubApi();
    time = createFakeClock();
    remote = openRemote(buildClientOptions(api, { sleep: time.sleep, now: time.now }));
    bulk = (await remote.openResources()).bulk as BulkOperations;
    processed = [];
    options = { signal: new AbortController().signal, onProgress: (count) => processed.push(count) };
  });
  afterEach(async () => {
    await remote.close();
    await api.finish();
  });

  it("A-204 poll the operation with growing pauses until it has ended", async () => {
    const rows = [{ id: "a" }, { id: "b" }];
    api.expect(
      { method: "POST", path: "/v1/users/bulk/identify", body: { users: rows }, reply: { json: operation("queued") } },
      ...[1, 2, 3, 4, 5].map((count) => get(POLL, operation("processing", { processed_rows: count }))),
      get(POLL, operation("completed", { processed_rows: 6, error_count: 1, error_items: [{ id: "b" }] })),
    );
    expect(await bulk.set("$users", rows, options)).toEqual(["b"]);
    expect(time.slept).toEqual([100, 200, 400, 800, 1_600, 2_000]);
    expect(processed).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each<[string, string, JsonObject, (bulk: BulkOperations, options: BulkOptions) => Promise<string[]>]>([
    ["A-236", "objects/a%20b/bulk/set", { objects: [{ id: "x" }] }, (b, o) => b.set("a b", [{ id: "x" }], o)],
    ["A-274", "tenants/bulk/set", { tenants: [{ id: "x" }] }, (b, o) => b.set("$tenants", [{ id: "x" }], o)],
    ["A-279", "users/bulk/delete", { user_ids: ["x"] }, (b, o) => b.delete("$users", ["x"], o)],
    ["A-235", "objects/c/bulk/delete", { object_ids: ["x"] }, (b, o) => b.delete("c", ["x"], o)],
    [
      "A-281",
      "users/bulk/preferences",
      { user_ids: ["x"], preferences: { id: "acme", workflows: {} } },
      (b, o) => b.setPreferences(["x"], { id: "acme", body: { workflows: {} } }, o),
    ],
  ])("%s send %s", async (_rule, path, body, call) => {
    api.expect({ method: "POST", path: `/v1/${path}`, body, reply: { json: operation("completed") } });
    expect(await call(bulk, options)).toEqual([]);
  });

  it("delete rows once if the first response is lost", async () => {
    const request = { method: "POST", path: "/v1/users/bulk/delete", body: { user_ids: ["a", "b"] } };
    const repeated = operation("completed", { error_count: 2, error_items: [{ id: "a" }, { id: "b" }] });
    api.expect({ ...request, reply: { drop: true } }, { ...request, reply: { json: repeated } });
    expect(await bulk.delete("$users", ["a", "b"], options)).toEqual([]);
    api.expect({ ...request, reply: { json: repeated } });
    expect(await bulk.delete("$users", ["a", "b"], options)).toEqual(["a", "b"]);
  });

  it("stop polling when they are interrupted", async () => {
    const controller = new AbortController();
    api.expect(
      {
        method: "POST",
        path: "/v1/users/bulk/delete",
        body: { user_ids: ["a"] },
        reply: { json: operation("queued") },
      },
      get(POLL, operation("processing")),
    );
    const interrupted = bulk.delete("$users", ["a"], {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    const error = await catchRejection(interrupted);
    expect(error instanceof KnockError && error.code).toBe("interrupted");
  });
});
