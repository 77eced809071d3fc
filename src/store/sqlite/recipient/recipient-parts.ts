import type { PreferenceSet } from "../../../domain/recipient/preference-set.js";
import type { Recipient } from "../../../domain/recipient/recipient.js";
import type { ChannelDataWrite, PreferenceWrite } from "../../../ports/resource-store.js";
import { deepMerge, type JsonObject } from "../../../util/json.js";
import type { Connection } from "../connection/connection.js";
import { changeRecipient } from "./recipients.js";

type Parts = Pick<Recipient, "properties" | "preferences" | "channel_data">;

const NONE: Parts = { properties: {}, preferences: {}, channel_data: {} };

/** Entries with one set or removed; a key `__proto__` stays an ordinary one. */
function withEntry<T>(entries: Record<string, T>, key: string, value: T | null): Record<string, T> {
  const next = new Map(Object.entries(entries));
  if (value === null) next.delete(key);
  else next.set(key, value);
  return Object.fromEntries(next);
}

function exists(db: Connection, key: string): boolean {
  return db.get("SELECT 1 FROM recipients WHERE key = ?", key) !== undefined;
}

export function writePreferenceSets(db: Connection, writes: readonly PreferenceWrite[], at: number): void {
  db.write(() => {
    for (const { recipient, id, set, merge } of writes) {
      if (set === null && !exists(db, recipient)) continue;
      changeRecipient(db, recipient, at, (before) => {
        const parts = before ?? NONE;
        const own = Object.hasOwn(parts.preferences, id) ? parts.preferences[id] : undefined;
        const next = set !== null && merge ? deepMerge((own ?? {}) as JsonObject, set as JsonObject) : set;
        return { ...parts, preferences: withEntry<PreferenceSet>(parts.preferences, id, next as PreferenceSet | null) };
      });
    }
  });
}

export function writeChannelData(db: Connection, writes: readonly ChannelDataWrite[], at: number): number {
  return db.write(() => {
    let replaced = 0;
    for (const { recipient, channel_id, data } of writes) {
      if (data === null && !exists(db, recipient)) continue;
      changeRecipient(db, recipient, at, (before) => {
        const parts = before ?? NONE;
        if (Object.hasOwn(parts.channel_data, channel_id)) replaced++;
        return { ...parts, channel_data: withEntry(parts.channel_data, channel_id, data) };
      });
    }
    return replaced;
  });
}
