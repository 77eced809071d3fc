import { parseTimestamp } from "../../../../domain/condition/parse-timestamp.js";
import type { JsonObject } from "../../../../util/json.js";
import type { RouteContext } from "../access/route.js";
import type { ActivationChange } from "../account.js";
import { createInvalidFieldError } from "../http/api-error.js";

function readTime(name: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && parseTimestamp(value) !== undefined) return value;
  throw createInvalidFieldError(name, "must be an ISO 8601 time");
}

const toTime = (value: string): number => parseTimestamp(value) ?? 0;

/** Reads whether a workflow or guide shall run. The official command sends it in the query, the SDK in the body (CLI-390). */
export async function readActivation(context: RouteContext, type: "workflow" | "guide"): Promise<ActivationChange> {
  const { query } = context;
  const body: JsonObject = await context.body();
  const status = query.flag("status") ?? body.status;
  const times = [query.text("from") ?? body.from, query.text("until") ?? body.until];
  if (status !== undefined && times.some((time) => time !== undefined && time !== null))
    throw createInvalidFieldError("status", "contradicts from and until; send one of them");
  if (typeof status === "boolean") return { active: status };
  if (status !== undefined) throw createInvalidFieldError("status", "must be true or false");
  const from = readTime("from", times[0]);
  const until = readTime("until", times[1]);
  if (type === "workflow" || (from === null && until === null)) throw createInvalidFieldError("status", "is required");
  if (from !== null && until !== null && toTime(from) >= toTime(until))
    throw createInvalidFieldError("until", "must be after from");
  return { from, until };
}
