import { formatDeliveryStatus } from "../../domain/message/message.js";
import type { Reason } from "../../domain/run/outcome.js";
import { formatReason } from "../../output/labels.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

/** Returns whether other entries already say what an event does. A channel step that is done has created messages. */
const isRedundant = ({ event, step_type, status }: JsonObject): boolean =>
  event === "step_started" || (event === "step_completed" && step_type === "channel" && status === "ok");

const TEXTS: Readonly<Record<string, string>> = {
  run_started: "triggered",
  run_paused: "waiting",
  run_resumed: "continued",
  run_halted: "halted",
  run_cancelled: "canceled",
  run_completed: "run completed",
  step_completed: "done",
  step_skipped: "skipped",
  step_failed: "failed",
  step_retried: "retried",
  message_enqueued: "message created",
};

/** Fields of events that the text or other fields of the entry already contain. */
const HIDDEN_DETAILS: ReadonlySet<string> = new Set([
  ...["reason", "detail", "level", "message_id", "channel_type", "key", "error", "until"],
]);

/** Returns the event of a run in words, or null for one that is not worth a line. */
export function describeRunEvent(event: JsonObject): string | null {
  if (isRedundant(event)) return null;
  const name = String(event.event);
  const fields = isJsonObject(event.data) ? event.data : {};
  const reason = typeof fields.reason === "string" ? fields.reason : null;
  const detail = typeof fields.detail === "string" ? fields.detail : null;
  const why = reason === null ? (fields.error ?? null) : formatReason({ code: reason as Reason["code"], detail });
  const details = Object.entries(fields)
    .filter(([key, value]) => !HIDDEN_DETAILS.has(key) && value !== null && typeof value !== "object")
    .map(([key, value]) => `${key}=${String(value)}`);
  const until = typeof fields.until === "string" ? ` until ${fields.until}` : "";
  const text = `${TEXTS[name] ?? name.replaceAll("_", " ")}${until}`;
  return [why === null ? text : `${text}: ${String(why)}`, ...details].join(" ");
}

/** Returns the kind of a run's event. */
export function getRunEventKind({ event, step_ref }: JsonObject): "trigger" | "step" | "run" {
  if (event === "run_started") return "trigger";
  return step_ref === null ? "run" : "step";
}

const FAILED_STATUSES: ReadonlySet<string> = new Set(["undelivered", "bounced"]);

/** Returns the event of a message in words, and whether it is a failure. */
export function describeMessageEvent(type: string, channel: string): { text: string; isError: boolean } {
  const status = type.replace(/^message\./, "");
  return { text: `${channel} ${formatDeliveryStatus(status)}`, isError: FAILED_STATUSES.has(status) };
}

/** Returns the request that an event of a step keeps, in words, and whether it failed; null if the step sent none. */
export function describeStepRequest({ data, status }: JsonObject): { text: string; isError: boolean } | null {
  const fields = isJsonObject(data) ? data : {};
  if (!isJsonObject(fields.request)) return null;
  const line = `${String(fields.request.method)} ${String(fields.request.url)}`;
  const result = fields.status ?? String(fields.error).replace(`${line}: `, "");
  return { text: `${line} → ${String(result)}`, isError: status === "error" };
}

/** Returns a request to a provider in words, without its body, and whether it failed. */
export function describeRequest({ request, response }: JsonObject): { text: string; isError: boolean } {
  const { method, host, path } = isJsonObject(request) ? request : {};
  const status = isJsonObject(response) ? (response.status ?? null) : null;
  const target = [method, `${String(host ?? "")}${String(path ?? "")}`].filter(Boolean).join(" ");
  return {
    text: `${target} → ${status === null ? "no response" : String(status)}`,
    isError: status === null || Number(status) >= 400,
  };
}
