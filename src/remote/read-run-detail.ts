import { encodePathSegment } from "../domain/trigger/api-request.js";
import { KnockError } from "../errors/knock-error.js";
import type { Json, JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";

/** A recipient run with its events, or null. */
export async function readRunDetail(
  client: ApiClient,
  id: string,
  signal?: AbortSignal,
): Promise<(JsonObject & { events: Json[] }) | null> {
  const answer = await nullIfMissing(
    client.call("GET", `/v1/workflow_recipient_runs/${encodePathSegment(id)}`, { signal }),
  );
  if (answer === null) return null;
  const run = client.responseReader.readObject(answer, "id", "workflow_run_id", "workflow", "status");
  if (!Array.isArray(run.events))
    throw client.responseReader.createInvalidResponseError(answer, 'its body has no "events"');
  return { ...run, events: run.events };
}

/** Null where the API says that there is no such thing (A-030m). */
export async function nullIfMissing<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof KnockError && error.code === "resource_missing") return null;
    throw error;
  }
}
