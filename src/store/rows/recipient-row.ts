import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { parseJson, stringify } from "./json-column.js";

export interface RecipientRow {
  key: string;
  properties: string;
  preferences: string | null;
  channel_data: string | null;
  inserted_at: number;
  updated_at: number;
}

export function toRecipient(row: RecipientRow): Recipient {
  return {
    key: row.key as RecipientKey,
    properties: JSON.parse(row.properties),
    preferences: parseJson<Recipient["preferences"]>(row.preferences) ?? {},
    channel_data: parseJson<Recipient["channel_data"]>(row.channel_data) ?? {},
    inserted_at: row.inserted_at,
    updated_at: row.updated_at,
  };
}

/** Returns a value as JSON text; null if it is empty, because most recipients have no preferences and no channel data. */
export function toJsonUnlessEmpty(value: object): string | null {
  const text = stringify(value);
  return text === "{}" ? null : text;
}
