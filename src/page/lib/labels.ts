import { isObject, type Json, type JsonObject } from "./json.js";

const CHANNEL_LABELS: Record<string, string> = {
  email: "E-mail",
  sms: "SMS",
  push: "Push",
  chat: "Chat",
  in_app_feed: "In-app feed",
  in_app_guide: "Guide",
  http: "Webhook",
};

export function getChannelLabel(type: unknown): string {
  return CHANNEL_LABELS[String(type)] ?? String(type);
}

/** A step's type; of a channel step its channel. */
export function getStepLabel(type: string): string {
  return CHANNEL_LABELS[type] ?? replaceUnderscores(type);
}

/** A user's id, or `projects/p1` of an object. */
export function formatRecipient(value: Json | undefined): string {
  return isObject(value) ? `${String(value.collection)}/${String(value.id)}` : String(value ?? "");
}

/** What {@link formatRecipient} writes, read again; JSON of an object is a recipient whom the trigger identifies itself. */
export function parseRecipient(text: string): Json {
  const inline = parseObject(text);
  if (inline !== null) return inline;
  const slash = text.indexOf("/");
  return slash > 0 ? { collection: text.slice(0, slash), id: text.slice(slash + 1) } : text;
}

/** The object that a text is as JSON; null: it is none. */
export function parseObject(text: string): JsonObject | null {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const CHARACTERS = new Intl.Segmenter();

/** What stands in a name's circle. */
export function getInitial(name: string): string {
  const [first] = CHARACTERS.segment(name);
  return (first?.segment ?? "•").toUpperCase();
}

export function replaceUnderscores(name: unknown): string {
  return String(name ?? "").replaceAll("_", " ");
}

/** The word that people read for a delivery status, as the command's output has it. */
export function getStatusLabel(status: unknown): unknown {
  return status === "not_sent" ? "sandboxed" : status;
}

/** The word that people read for what a step came to: of a sent message, what became of it. */
export function getStepStatus({ outcome, message_status }: JsonObject): unknown {
  const usesMessageStatus =
    (outcome === "sent" && (message_status === "not_sent" || message_status === "delivered")) ||
    (outcome === "failed" && (message_status === "undelivered" || message_status === "bounced"));
  return usesMessageStatus ? getStatusLabel(message_status) : outcome;
}

export type Tone = "good" | "bad" | "wait" | "busy" | "plain";

const TONES: Record<string, Tone> = {
  delivered: "good",
  sent: "good",
  sandboxed: "good",
  completed: "good",
  undelivered: "bad",
  bounced: "bad",
  failed: "bad",
  queued: "busy",
  processing: "busy",
  delivery_attempted: "wait",
  paused: "wait",
  waiting: "wait",
  halted: "wait",
};

export function getTone(status: unknown): Tone {
  return TONES[String(status)] ?? "plain";
}
