import type { Environment } from "../domain/environment/environment.js";
import { didYouMean, nearest } from "../util/nearest.js";

const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;

function said(typed: string, known: readonly string[], what: "workflow" | "channel"): string {
  if (nearest(typed, known) !== undefined) return `note: d${didYouMean(typed, known, "")?.slice(1)}`;
  const all = didYouMean(typed, known, what === "workflow" ? " Workflows" : " Channels") ?? "";
  return `note: no ${what} is called "${typed}".${all}`;
}

/** Under an empty list: what the filter may have meant, where it names no workflow of the project, or no channel. */
export function workflowNote(typed: string, keys: readonly string[]): string | null {
  return keys.includes(typed) ? null : said(typed, keys, "workflow");
}

/** Of a channel's type: the channels of that type. */
export function channelNote(typed: string, channels: Environment["channels"]): string | null {
  if (Object.hasOwn(channels, typed) || ID.test(typed)) return null;
  const keys = Object.keys(channels);
  const ofType = keys.filter((key) => channels[key]?.type === typed.replaceAll("-", "_"));
  if (ofType.length === 0) return said(typed, keys, "channel");
  return ofType.length === 1
    ? `note: did you mean "${ofType[0]}"?`
    : `note: did you mean one of ${ofType.map((key) => `"${key}"`).join(", ")}?`;
}
