import { encodePathSegment } from "../domain/trigger/api-request.js";
import { KnockError } from "../errors/knock-error.js";
import type { ApiClient } from "./api-client.js";

/** Returns a recipient run with its events, or null. */
export async function readRunDetail(client: ApiClient, id: string, signal?: AbortSignal) {
  const response = await nullIfMissing(
    client.call("GET", `/v1/workflow_recipient_runs/${encodePathSegment(id)}`, { signal }),
  );
  if (response === null) return null;
  const run = client.responseReader.readObject(response, "id", "workflow_run_id", "workflow", "status");
  if (!Array.isArray(run.events))
    throw client.responseReader.createInvalidResponseError(response, 'its body has no "events"');
  return { ...run, events: run.events };
}

/** Returns a request's result; null if the API reports that the resource does not exist (A-030m). */
export async function nullIfMissing<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof KnockError && error.code === "resource_missing") return null;
    throw error;
  }
}
