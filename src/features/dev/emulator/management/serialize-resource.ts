import type { JsonObject } from "../../../../util/json.js";
import type { StoredResource } from "../account.js";

/** Returns a resource as the management API has it, with the read-only fields of its kind. */
export function serializeResource(stored: StoredResource, environment: string): JsonObject {
  const { id, content, active, valid, sha, created_at, updated_at } = stored;
  return { ...content, key: id, active, valid, environment, sha, created_at, updated_at };
}
