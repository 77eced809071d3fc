import { TENANTS, USERS } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { BulkOperations, BulkOptions } from "../../ports/bulk-operations.js";
import { filterObjects, type JsonObject } from "../../util/json.js";
import type { ApiClient } from "../api-client.js";
import { appendQuery } from "../list-page.js";
import { buildPath } from "./resource-requests.js";

const FIRST_POLL_MS = 100;
const MAX_POLL_MS = 2_000;
/** The number of tenants that one request deletes. Their IDs are in the URL, whose length is limited. */
const MAX_IDS_IN_URL = 50;

/** A bulk operation as the API reports it. */
interface ReportedOperation {
  id: string;
  status: string;
  processed: number;
  errorCount: number;
  failedIds: string[];
}

interface OperationOptions extends BulkOptions {
  isRemoval?: boolean;
}

function toCount(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function readOperation(client: ApiClient, response: Awaited<ReturnType<ApiClient["call"]>>): ReportedOperation {
  const { id, status, processed_rows, error_count, error_items } = client.responseReader.readObject(
    response,
    "id",
    "status",
  );
  const items = filterObjects(error_items);
  return {
    id,
    status,
    processed: toCount(processed_rows),
    errorCount: toCount(error_count),
    failedIds: items.map((item) => String(item.id)),
  };
}

/**
 * Starts a bulk operation, and polls it until it has ended. Returns the IDs of the rows that failed. A deletion that is
 * repeated fails for the rows that the first one has deleted, so then it returns no rows.
 */
async function runOperation(
  client: ApiClient,
  path: string,
  body: JsonObject | null,
  { onProgress, signal, isRemoval = false }: OperationOptions,
): Promise<string[]> {
  const started = await client.call("POST", path, { body, signal });
  let operation = readOperation(client, started);
  for (let delay = FIRST_POLL_MS; operation.status === "queued" || operation.status === "processing"; ) {
    await client.sleep(delay, signal);
    delay = Math.min(delay * 2, MAX_POLL_MS);
    operation = readOperation(client, await client.call("GET", buildPath("bulk_operations", operation.id), { signal }));
    onProgress(operation.processed);
  }
  const { id, status, processed, errorCount, failedIds } = operation;
  if (status !== "completed")
    throw new KnockError("remote_failed", `the API stopped bulk operation ${id} after ${processed} rows`, {
      hint: "Run the command again. Rows that were already changed keep their new values.",
    });
  if (isRemoval && started.isRepeated) return [];
  if (failedIds.length < errorCount)
    throw new KnockError("remote_failed", `the API reports ${errorCount} failed rows but names ${failedIds.length}`, {
      hint: `Look up bulk operation ${id} in the dashboard.`,
    });
  return failedIds;
}

/** Creates the bulk requests. */
export function createRemoteBulk(client: ApiClient): BulkOperations {
  return {
    async set(collection, rows, options) {
      const list = [...rows];
      if (collection === USERS)
        return runOperation(client, buildPath("users", "bulk", "identify"), { users: list }, options);
      if (collection === TENANTS)
        return runOperation(client, buildPath("tenants", "bulk", "set"), { tenants: list }, options);
      return runOperation(client, buildPath("objects", collection, "bulk", "set"), { objects: list }, options);
    },
    async delete(collection, ids, options) {
      const list = [...ids];
      const removal = { ...options, isRemoval: true };
      if (collection === USERS)
        return runOperation(client, buildPath("users", "bulk", "delete"), { user_ids: list }, removal);
      if (collection !== TENANTS)
        return runOperation(client, buildPath("objects", collection, "bulk", "delete"), { object_ids: list }, removal);
      const failed: string[] = [];
      for (let start = 0; start < list.length; start += MAX_IDS_IN_URL) {
        const query = { "tenant_ids[]": list.slice(start, start + MAX_IDS_IN_URL) };
        const onProgress = (processed: number): void => options.onProgress(start + processed);
        const path = appendQuery(buildPath("tenants", "bulk", "delete"), query);
        failed.push(...(await runOperation(client, path, null, { ...removal, onProgress })));
      }
      return failed;
    },
    setPreferences: (users, { id, body }, options) =>
      runOperation(
        client,
        buildPath("users", "bulk", "preferences"),
        { user_ids: [...users], preferences: { ...body, id } },
        options,
      ),
  };
}
