import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

const CHANNEL_LABELS: Record<string, string> = {
  email: "Email",
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

/** Returns the label of a step: its type, or the channel type of a channel step. */
export function getStepLabel(type: string): string {
  return CHANNEL_LABELS[type] ?? replaceUnderscores(type);
}

/** Parses the text of a recipient, as `formatRecipient` returns it. A JSON object is an inline recipient. */
export function parseRecipient(text: string): Json {
  const inline = parseObject(text);
  if (inline !== null) return inline;
  const slash = text.indexOf("/");
  return slash > 0 ? { collection: text.slice(0, slash), id: text.slice(slash + 1) } : text;
}

/** Returns the object that a text contains as JSON. Returns null for any other text. */
export function parseObject(text: string): JsonObject | null {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

const CHARACTERS = new Intl.Segmenter();

/** Returns the letter in the circle beside a name. */
export function getInitial(name: string): string {
  const [first] = CHARACTERS.segment(name);
  return (first?.segment ?? "•").toUpperCase();
}

export function replaceUnderscores(name: unknown): string {
  return String(name ?? "").replaceAll("_", " ");
}

export type Tone = "good" | "bad" | "wait" | "busy" | "sandbox" | "plain";

const TONES: Record<string, Tone> = {
  delivered: "good",
  sent: "good",
  sandboxed: "sandbox",
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
