import type { Recipient, RecipientKey, RecipientUpsert } from "../../domain/recipient.js";
import { mergeRecipient } from "../merge-recipient.js";
import type { Connection } from "./connection.js";
import { parsed } from "./run-rows.js";

interface RecipientRow {
  key: string;
  properties: string;
  preferences: string | null;
  channel_data: string | null;
  inserted_at: number;
  updated_at: number;
}

const SELECT = "SELECT key, properties, preferences, channel_data, inserted_at, updated_at FROM recipients";

const UPSERT =
  "INSERT INTO recipients (key, properties, preferences, channel_data, inserted_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) " +
  "ON CONFLICT (key) DO UPDATE SET properties = excluded.properties, preferences = excluded.preferences, channel_data = excluded.channel_data, updated_at = excluded.updated_at";

function recipientOf(row: RecipientRow): Recipient {
  return {
    key: row.key as RecipientKey,
    properties: JSON.parse(row.properties),
    preferences: parsed<Recipient["preferences"]>(row.preferences) ?? {},
    channel_data: parsed<Recipient["channel_data"]>(row.channel_data) ?? {},
    inserted_at: row.inserted_at,
    updated_at: row.updated_at,
  };
}

/** Most recipients have no preferences and no channel data of their own. */
function jsonUnlessEmpty(value: object): string | null {
  const text = JSON.stringify(value);
  return text === "{}" ? null : text;
}

export function readRecipients(db: Connection, keys: readonly RecipientKey[]): Map<RecipientKey, Recipient> {
  return db.read(() => {
    const found = new Map<RecipientKey, Recipient>();
    const select = db.statement(`${SELECT} WHERE key = ?`);
    for (const key of keys) {
      const row = found.has(key) ? undefined : (select.get(key) as RecipientRow | undefined);
      if (row) found.set(key, recipientOf(row));
    }
    return found;
  });
}

/** Inside a write: in order, so that a recipient named twice gets both. */
export function applyUpserts(db: Connection, upserts: readonly RecipientUpsert[], at: number): void {
  const select = db.statement(`${SELECT} WHERE key = ?`);
  const upsert = db.statement(UPSERT);
  for (const one of upserts) {
    const row = select.get(one.key) as RecipientRow | undefined;
    const merged = mergeRecipient(row ? recipientOf(row) : null, one);
    upsert.run(
      one.key,
      JSON.stringify(merged.properties),
      jsonUnlessEmpty(merged.preferences),
      jsonUnlessEmpty(merged.channel_data),
      at,
      at,
    );
  }
}

export function upsertRecipients(db: Connection, upserts: readonly RecipientUpsert[], at: number): void {
  db.write(() => applyUpserts(db, upserts, at));
}
