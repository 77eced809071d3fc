import { isJsonObject, type JsonObject } from "../../../../util/json.js";

/** A message on the socket: `[join_ref, ref, topic, event, payload]`. */
export interface Frame {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: JsonObject;
}

function isRef(value: unknown): value is string | null {
  return typeof value === "string" || value === null;
}

/** Parses a frame. Returns null for an invalid one. */
export function parseFrame(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 5) return null;
  const [joinRef, ref, topic, event, payload] = value as unknown[];
  if (!isRef(joinRef) || !isRef(ref) || typeof topic !== "string" || typeof event !== "string") return null;
  return isJsonObject(payload) ? { joinRef, ref, topic, event, payload } : null;
}

export function serializeFrame({ joinRef, ref, topic, event, payload }: Frame): string {
  return JSON.stringify([joinRef, ref, topic, event, payload]);
}

/** Returns the reply to a frame, with its refs. The reply is an error unless `reason` is null. */
export function serializeReply({ joinRef, ref, topic }: Frame, reason: string | null): string {
  const payload: JsonObject =
    reason === null ? { status: "ok", response: {} } : { status: "error", response: { reason } };
  return serializeFrame({ joinRef, ref, topic, event: "phx_reply", payload });
}
