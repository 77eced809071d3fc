import type { Recipient, RecipientUpsert } from "../domain/recipient.js";
import { deepMerge, type JsonObject } from "../util/json.js";

type Merged = Pick<Recipient, "properties" | "preferences" | "channel_data">;

/**
 * A recipient after an upsert: properties and each preference set merge deeply (E-038, E-041), a channel's data is
 * replaced whole (E-040). `before` is null for a new one.
 */
export function mergeRecipient(before: Merged | null, upsert: RecipientUpsert): Merged {
  return {
    properties: deepMerge(before?.properties ?? {}, upsert.properties),
    preferences: deepMerge(
      (before?.preferences ?? {}) as JsonObject,
      (upsert.preferences ?? {}) as JsonObject,
    ) as Merged["preferences"],
    channel_data: { ...before?.channel_data, ...upsert.channel_data },
  };
}
