import { pathSegment } from "../domain/trigger/trigger-request.js";
import { KnockError } from "../errors/knock-error.js";
import type { Json, JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";

/** A recipient run with its events, or null. */
export async function readRunDetail(
  client: ApiClient,
  id: string,
  signal?: AbortSignal,
): Promise<(JsonObject & { events: Json[] }) | null> {
  const answer = await orNull(client.call("GET", `/v1/workflow_recipient_runs/${pathSegment(id)}`, { signal }));
  if (answer === null) return null;
  const run = client.read.object(answer, "id", "workflow_run_id", "workflow", "status");
  if (!Array.isArray(run.events)) throw client.read.fault(answer, 'its body has no "events"');
  return { ...run, events: run.events };
}

/** Null where the API says that there is no such thing (A-030m). */
export async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof KnockError && error.code === "resource_missing") return null;
    throw error;
  }
}
