import { mergeRecipient } from "../../../domain/recipient/merge-recipient.js";
import { type Recipient, type RecipientKey, type RecipientUpsert, USERS } from "../../../domain/recipient/recipient.js";
import { resolveChangeEffects } from "../../../domain/recipient/recipient-change.js";
import * as rules from "../../../domain/recipient/write-recipient-part.js";
import { buildRecipientEvent } from "../../../domain/run/occurred-event.js";
import type { CausedWork } from "../../../ports/due-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type {
  ChannelDataWrite,
  PreferenceWrite,
  RecipientFilter,
  WrittenChannelData,
} from "../../../ports/recipient-store.js";
import { stringify } from "../../rows/json-column.js";
import {
  RECIPIENT_BYTES,
  RECIPIENT_COLUMNS,
  RECIPIENTS,
  type RecipientRow,
  toRecipient,
} from "../../rows/recipient-row.js";
import { buildRow, type ColumnValue, encodeRecord, listColumns } from "../../rows/table.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";
import { recordEvents } from "../run/waits.js";
import { deleteMembers, insertMembers } from "./audiences.js";

const SELECT = `SELECT ${RECIPIENT_COLUMNS} FROM recipients r WHERE r.key = ?`;
/** Selects recipients by many keys, in one statement. */
const SELECT_MANY = `SELECT ${RECIPIENT_COLUMNS} FROM json_each(?) asked CROSS JOIN recipients r ON r.key = asked.value`;

/** Maximum number of keys that are read with one statement each. */
const MAX_SINGLE_READS = 8;

const UPSERT =
  `INSERT INTO recipients (${listColumns(RECIPIENTS.fields)}) VALUES (${listColumns(RECIPIENTS.fields, () => "?")}) ` +
  `ON CONFLICT (key) DO UPDATE SET ${listColumns(RECIPIENTS.mutableFields, (name) => `${name} = excluded.${name}`)}`;

const FIELD_NAMES = RECIPIENTS.fields.map(({ name }) => name);
const toRecipientFromList = (values: readonly ColumnValue[]): Recipient => toRecipient(buildRow(FIELD_NAMES, values));

export function readRecipients(db: Connection, keys: readonly RecipientKey[]): Map<RecipientKey, Recipient> {
  if (keys.length > MAX_SINGLE_READS) {
    const rows = db.runSingle(() => db.allLists<ColumnValue[]>(SELECT_MANY, stringify(keys)));
    return new Map(rows.map(toRecipientFromList).map((recipient) => [recipient.key, recipient]));
  }
  const read = (): Map<RecipientKey, Recipient> => {
    const found = new Map<RecipientKey, Recipient>();
    for (const key of keys) {
      const row = found.has(key) ? undefined : db.getList<ColumnValue[]>(SELECT, key);
      if (row) found.set(key, toRecipientFromList(row));
    }
    return found;
  };
  return keys.length > 1 ? db.read(read) : db.runSingle(read);
}

/**
 * Replaces a recipient with what `change` returns for the stored one, or for null if it is new. Unless `quietly` is set,
 * waiting runs and dynamic audiences receive the change. Must run inside a write.
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
  const recipient: Recipient = { ...changed, key, inserted_at: row?.inserted_at ?? at, updated_at: at };
  const record = encodeRecord(RECIPIENTS.fields, recipient);
  db.run(UPSERT, ...Object.values(record));
  if (quietly) return;
  const effects = resolveChangeEffects(key, {
    isNew: row === undefined,
    propertiesChanged: record.properties !== row?.properties,
    partsChanged: record.preferences !== row?.preferences || record.channel_data !== row?.channel_data,
  });
  if (effects.affectsAudiences && db.watchesUsers) {
    db.run(
      'INSERT INTO user_changes (user, "before", "after", at, depth) VALUES (?, ?, ?, ?, ?)',
      key,
      row?.properties ?? null,
      record.properties ?? null,
      at,
      depth,
    );
    db.causedWork.addUser(key);
  }
  if (effects.affectsRuns && row) recordEvents(db, [buildRecipientEvent(recipient, at)], at);
}

/** Applies upserts in order, so that a recipient that is named twice gets both. Must run inside a write. */
export function applyUpserts(db: Connection, upserts: readonly RecipientUpsert[], at: number, quietly = false): void {
  for (const upsert of upserts) {
    const { audience, depth } = upsert;
    const member = audience && [{ recipient: upsert.key, tenant: audience.tenant }];
    if (member === undefined)
      changeRecipient(db, upsert.key, at, (before) => mergeRecipient(before, upsert), { quietly, depth });
    else if (audience?.action === "add") insertMembers(db, audience.key, member, at, { quietly, depth });
    else if (audience) deleteMembers(db, audience.key, member);
  }
}

export function upsertRecipients(db: Connection, upserts: readonly RecipientUpsert[], at: number): CausedWork {
  return db.writeAndCollect(() => applyUpserts(db, upserts, at)).caused;
}

function recipientExists(db: Connection, key: string): boolean {
  return db.get("SELECT 1 FROM recipients WHERE key = ?", key) !== undefined;
}

export function writePreferenceSets(db: Connection, writes: readonly PreferenceWrite[], at: number): CausedWork {
  return db.writeAndCollect(() => {
    for (const write of writes) {
      if (write.set === null && !recipientExists(db, write.recipient)) continue;
      changeRecipient(db, write.recipient, at, (before) => rules.writePreferenceSet(before, write));
    }
  }).caused;
}

export function writeChannelData(db: Connection, writes: readonly ChannelDataWrite[], at: number): WrittenChannelData {
  const { result: replaced, caused } = db.writeAndCollect(() => {
    let count = 0;
    for (const write of writes) {
      if (write.data === null && !recipientExists(db, write.recipient)) continue;
      changeRecipient(db, write.recipient, at, (before) => {
        if (before !== null && Object.hasOwn(before.channel_data, write.channel_id)) count++;
        return rules.writeChannelData(before, write);
      });
    }
    return count;
  });
  return { replaced, caused };
}

/** The collection in a key. The indexes of the table have the same text. */
const COLLECTION = "substr(key, 1, instr(key, '/') - 1)";

/** Returns one page of a collection's recipients; with null, those of all collections except users. */
export function listRecipients(
  db: Connection,
  { collection, id, name, parts }: RecipientFilter,
  page: PageRequest,
): Paged<Recipient> {
  const filters = new SqlFilters()
    .add(`${COLLECTION} = ?`, collection ?? undefined)
    .add("r.key = ?", id === undefined ? undefined : `${collection}/${id}`)
    .add("json_extract(r.properties, '$.name') = ?", name)
    .addText(["r.properties -> '$.email'"], [], parts?.email)
    .addText(["r.properties -> '$.name'"], [], parts?.name);
  if (collection === null) filters.conditions.push(`${COLLECTION} <> '${USERS}'`);
  return db.read(() => {
    const { rows, page_info } = readPage<RecipientRow>(
      db,
      {
        kind: "recipients",
        columns: `r.row, ${RECIPIENT_COLUMNS}`,
        from: "FROM recipients r",
        bytes: RECIPIENT_BYTES,
        key: "r.row",
        filters,
      },
      page,
    );
    return { items: rows.map(toRecipient), page_info };
  });
}
