import { mergeRecipient } from "../../../domain/recipient/merge-recipient.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../../../domain/recipient/recipient.js";
import { resolveChangeEffects } from "../../../domain/recipient/recipient-change.js";
import { buildRecipientEvent } from "../../../domain/run/occurred-event.js";
import type { Connection } from "../connection/connection.js";
import { parseJson } from "../run/run-rows.js";
import { recordEvents } from "../run/waits.js";
import { deleteMembers, insertMembers } from "./audience-members.js";

export interface RecipientRow {
  key: string;
  properties: string;
  preferences: string | null;
  channel_data: string | null;
  inserted_at: number;
  updated_at: number;
}

const SELECT =
  "SELECT key, properties, preferences, channel_data, inserted_at, updated_at FROM recipients WHERE key = ?";

/** The same of many keys, in one statement. */
const SELECT_MANY =
  "SELECT r.key, r.properties, r.preferences, r.channel_data, r.inserted_at, r.updated_at FROM json_each(?) asked CROSS JOIN recipients r ON r.key = asked.value";

/** Up to here each key is asked for on its own. */
const MAX_SINGLE_READS = 8;

type RecipientColumns = [
  key: string,
  properties: string,
  preferences: string | null,
  channel_data: string | null,
  inserted_at: number,
  updated_at: number,
];

const UPSERT =
  "INSERT INTO recipients (key, properties, preferences, channel_data, inserted_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) " +
  "ON CONFLICT (key) DO UPDATE SET properties = excluded.properties, preferences = excluded.preferences, channel_data = excluded.channel_data, updated_at = excluded.updated_at";

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

function toRecipientFromColumns(row: RecipientColumns): Recipient {
  const [key, properties, preferences, channel_data, inserted_at, updated_at] = row;
  return toRecipient({ key, properties, preferences, channel_data, inserted_at, updated_at });
}

/** Most recipients have no preferences and no channel data of their own. */
function toJsonUnlessEmpty(value: object): string | null {
  const text = JSON.stringify(value);
  return text === "{}" ? null : text;
}

export function readRecipients(db: Connection, keys: readonly RecipientKey[]): Map<RecipientKey, Recipient> {
  if (keys.length > MAX_SINGLE_READS) {
    const rows = db.runSingle(() => db.allLists<RecipientColumns>(SELECT_MANY, JSON.stringify(keys)));
    return new Map(rows.map((row) => [row[0] as RecipientKey, toRecipientFromColumns(row)]));
  }
  const read = (): Map<RecipientKey, Recipient> => {
    const found = new Map<RecipientKey, Recipient>();
    for (const key of keys) {
      const row = found.has(key) ? undefined : db.getList<RecipientColumns>(SELECT, key);
      if (row) found.set(key, toRecipientFromColumns(row));
    }
    return found;
  };
  return keys.length > 1 ? db.read(read) : db.runSingle(read);
}

/**
 * Inside a write: the recipient as stored, null for a new one, becomes what `change` makes of it. Waiting runs and dynamic
 * audiences are told, unless it is done `quietly`.
 */
export function changeRecipient(
  db: Connection,
  key: RecipientKey,
  at: number,
  change: (before: Recipient | null) => Omit<Recipient, "key" | "inserted_at" | "updated_at">,
  { quietly = false, depth = 0 } = {},
): void {
  const row = db.get<RecipientRow>(SELECT, key);
  const changed = change(row ? toRecipient(row) : null);
  const properties = JSON.stringify(changed.properties);
  const preferences = toJsonUnlessEmpty(changed.preferences);
  const channelData = toJsonUnlessEmpty(changed.channel_data);
  db.run(UPSERT, key, properties, preferences, channelData, at, at);
  if (quietly) return;
  const news = resolveChangeEffects(key, {
    isNew: row === undefined,
    propertiesChanged: properties !== row?.properties,
    partsChanged: preferences !== row?.preferences || channelData !== row.channel_data,
  });
  if (news.affectsAudiences && db.watchesUsers)
    db.run(
      'INSERT INTO user_changes (user, "before", "after", at, depth) VALUES (?, ?, ?, ?, ?)',
      key,
      row?.properties ?? null,
      properties,
      at,
      depth,
    );
  if (news.affectsRuns && row)
    recordEvents(db, [buildRecipientEvent({ ...changed, key, inserted_at: row.inserted_at, updated_at: at }, at)], at);
}

/** Inside a write: in order, so that a recipient named twice gets both. */
export function applyUpserts(db: Connection, upserts: readonly RecipientUpsert[], at: number, quietly = false): void {
  for (const one of upserts) {
    const { audience, depth } = one;
    const member = audience && [{ recipient: one.key, tenant: audience.tenant }];
    if (member === undefined)
      changeRecipient(db, one.key, at, (before) => mergeRecipient(before, one), { quietly, depth });
    else if (audience?.action === "add") insertMembers(db, audience.key, member, at, { quietly, depth });
    else if (audience) deleteMembers(db, audience.key, member);
  }
}

export function upsertRecipients(db: Connection, upserts: readonly RecipientUpsert[], at: number): void {
  db.write(() => applyUpserts(db, upserts, at));
}
