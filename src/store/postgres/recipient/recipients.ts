import { mergeRecipient } from "../../../domain/recipient/merge-recipient.js";
import {
  type Recipient,
  type RecipientKey,
  type RecipientParts,
  type RecipientUpsert,
  USERS,
} from "../../../domain/recipient/recipient.js";
import { resolveChangeEffects } from "../../../domain/recipient/recipient-change.js";
import { buildRecipientEvent, type OccurredEvent } from "../../../domain/run/occurred-event.js";
import type { CausedWork } from "../../../ports/due-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { RecipientFilter } from "../../../ports/recipient-store.js";
import { stringify } from "../../rows/json-column.js";
import {
  RECIPIENT_BYTES,
  RECIPIENT_COLUMNS,
  RECIPIENTS,
  type RecipientRow,
  toRecipient,
} from "../../rows/recipient-row.js";
import {
  type ColumnValue,
  encodeRecord,
  type FieldColumn,
  listColumns,
  listTypes,
  pickFields,
} from "../../rows/table.js";
import { buildRecords } from "../connection/build-records.js";
import { readPage } from "../connection/read-page.js";
import { buildJson, SqlFilters } from "../connection/sql-filters.js";
import type { Reader, Transaction } from "../connection/transaction.js";
import { getShard } from "../run/shard.js";
import { recordEvents } from "../run/waits.js";
import { deleteMembers, insertMembers } from "./audience-members.js";

/**
 * Reads each recipient by the index: for hundreds of keys, the planner would read the whole table until it is large. `OFFSET 0`
 * keeps it from joining the table at once.
 */
const SELECT_RECIPIENTS = `
  SELECT r.* FROM unnest($1::text[]) AS asked (key)
  CROSS JOIN LATERAL (SELECT ${RECIPIENT_COLUMNS} FROM recipients r WHERE r.key = asked.key OFFSET 0) r`;

export async function readRecipients(tx: Reader, keys: readonly RecipientKey[]): Promise<Map<RecipientKey, Recipient>> {
  if (keys.length === 0) return new Map();
  const rows = await tx.all<RecipientRow>(SELECT_RECIPIENTS, keys);
  return new Map(rows.map((row) => [row.key, toRecipient(row)]));
}

/** A change of one recipient: its parts after it, from those before it; null for a new recipient. Null changes nothing. */
export interface RecipientChange {
  key: RecipientKey;
  depth?: number | undefined;
  change(before: Recipient | null): RecipientParts | null;
}

const PARTS: readonly FieldColumn<RecipientParts>[] = pickFields(
  RECIPIENTS,
  "properties",
  "preferences",
  "preference_origins",
  "channel_data",
);
const PART_NAMES = listColumns(PARTS);

/** Returns the JSON texts of a recipient. */
const toTexts = (parts: RecipientParts): Record<string, ColumnValue> => encodeRecord(PARTS, parts);

const areEqual = (one: Record<string, ColumnValue>, other: Record<string, ColumnValue>): boolean =>
  PARTS.every(({ name }) => one[name] === other[name]);

/** Inserts new recipients with their final values and locks those that exist, all in the order of their keys. */
const INSERT_OR_LOCK = `
  INSERT INTO recipients (row, key, ${PART_NAMES}, inserted_at, updated_at)
  SELECT asked.row, asked.key, ${PART_NAMES}, $2, $2 FROM (
    SELECT nextval('recipients_row_seq') AS row, key, ${PART_NAMES} FROM ${buildRecords(`key text, ${listTypes(PARTS)}`)} ORDER BY c.n) asked
  ORDER BY asked.key COLLATE "C"
  ON CONFLICT (key) DO UPDATE SET key = excluded.key WHERE false
  RETURNING key`;

const UPDATE = `
  UPDATE recipients r SET ${listColumns(PARTS, (name) => `${name} = c.${name}`)}, updated_at = $2
  FROM json_to_recordset($1::json) AS c (key text, ${listTypes(PARTS)}) WHERE r.key = c.key`;

const INSERT_USER_CHANGES = `
  INSERT INTO user_changes ("user", "before", "after", audience, tenant, at, depth)
  SELECT c."user", c."before", c."after", c.audience, c.tenant, $2, c.depth
  FROM ${buildRecords('"user" text, "before" text, "after" text, audience text, tenant text, depth integer')} ORDER BY c.n`;

/** A row of `user_changes`. */
interface UserChangeColumns {
  user: RecipientKey;
  before?: ColumnValue;
  after?: ColumnValue | undefined;
  audience?: string;
  tenant?: string | null;
  depth: number;
}

/** Inserts user changes, from which audience runs may start. */
export async function insertUserChanges(
  tx: Transaction,
  changes: readonly UserChangeColumns[],
  at: number,
): Promise<void> {
  if (changes.length === 0) return;
  await tx.run(INSERT_USER_CHANGES, stringify(changes), at);
  for (const { user } of changes) {
    tx.caused.users.add(user);
    tx.wake({ kind: "user_changes", dueAt: at, shard: getShard(user) });
  }
}

/** The state of a recipient before and after all changes, and the changes in between. */
interface ChangedRecipient {
  key: RecipientKey;
  stored: Recipient | null;
  current: Recipient | null;
  isChanged: boolean;
}

/** The effects of one change on audiences and waiting runs. */
interface ChangeEffect {
  userChange: UserChangeColumns | null;
  event: OccurredEvent | null;
}

/** Applies changes in memory to the recipients as they are stored. Returns their states and the effects by change. */
function applyChanges(
  stored: ReadonlyMap<RecipientKey, Recipient>,
  changes: readonly RecipientChange[],
  at: number,
): { states: Map<RecipientKey, ChangedRecipient>; effects: (ChangeEffect | null)[]; before: (Recipient | null)[] } {
  const states = new Map<RecipientKey, ChangedRecipient>();
  const before: (Recipient | null)[] = [];
  const effects = changes.map(({ key, depth = 0, change }): ChangeEffect | null => {
    const known = stored.get(key) ?? null;
    const state = states.get(key) ?? { key, stored: known, current: known, isChanged: false };
    states.set(key, state);
    before.push(state.current);
    const parts = change(state.current);
    if (parts === null) return null;
    const texts = toTexts(parts);
    const textsBefore = state.current && toTexts(state.current);
    if (textsBefore !== null && areEqual(texts, textsBefore)) return null;
    const isNew = textsBefore === null;
    state.current = { ...parts, key, inserted_at: state.current?.inserted_at ?? at, updated_at: at };
    state.isChanged = true;
    const { affectsAudiences, affectsRuns } = resolveChangeEffects(key, {
      isNew,
      propertiesChanged: texts.properties !== textsBefore?.properties,
      partsChanged: texts.preferences !== textsBefore?.preferences || texts.channel_data !== textsBefore?.channel_data,
    });
    const properties = { before: textsBefore?.properties ?? null, after: texts.properties };
    return {
      userChange: affectsAudiences ? { user: key, ...properties, depth } : null,
      event: affectsRuns ? buildRecipientEvent(state.current, at) : null,
    };
  });
  return { states, effects, before };
}

const toRow = (recipient: Recipient) => ({ key: recipient.key, ...toTexts(recipient) });

/** Returns the recipients that differ from what is stored. */
function listChanged(states: ReadonlyMap<RecipientKey, ChangedRecipient>): Recipient[] {
  return [...states.values()].flatMap(({ current, isChanged }) => (current !== null && isChanged ? [current] : []));
}

/**
 * Applies changes in order, so that a recipient that is named twice gets both. Returns the recipients before each change, and
 * the user changes by change.
 *
 * The recipients are locked in the order of their keys, so that transactions wait for each other without deadlocks, and
 * changes are merged into what is stored then. A recipient that stays the same is neither locked nor written: a tenant that
 * every trigger identifies would make all triggers wait for each other.
 */
async function changeRecipients(
  tx: Transaction,
  changes: readonly RecipientChange[],
  at: number,
  { quietly = false }: { quietly?: boolean } = {},
): Promise<{ before: (Recipient | null)[]; userChanges: (UserChangeColumns | null)[] }> {
  const keys = [...new Set(changes.map(({ key }) => key))];
  let stored = await readRecipients(tx, keys);
  let applied = applyChanges(stored, changes, at);
  const dirty = listChanged(applied.states);
  if (dirty.length > 0) {
    const inserted = await tx.all<{ key: RecipientKey }>(INSERT_OR_LOCK, stringify(dirty.map(toRow)), at);
    const isInserted = new Set(inserted.map(({ key }) => key));
    if (inserted.length < dirty.length) {
      // Now that they are locked, the other recipients are read again.
      const locked = dirty.map(({ key }) => key).filter((key) => !isInserted.has(key));
      const reread = await readRecipients(tx, locked);
      stored = new Map([...stored, ...reread]);
      applied = applyChanges(stored, changes, at);
      const updated = listChanged(applied.states).filter(({ key }) => reread.has(key));
      if (updated.length > 0) await tx.run(UPDATE, stringify(updated.map(toRow)), at);
    }
  }
  if (quietly) return { before: applied.before, userChanges: changes.map(() => null) };
  const events = applied.effects.flatMap((effect) => effect?.event ?? []);
  await recordEvents(tx, events, at);
  const userChanges = applied.effects.map((effect) => (tx.watchesUsers ? (effect?.userChange ?? null) : null));
  return { before: applied.before, userChanges };
}

/** Applies changes of recipients as `changeRecipients` does, and records their effects on audiences. */
export async function writeRecipients(
  tx: Transaction,
  changes: readonly RecipientChange[],
  at: number,
): Promise<(Recipient | null)[]> {
  const { before, userChanges } = await changeRecipients(tx, changes, at);
  await insertUserChanges(
    tx,
    userChanges.flatMap((change) => change ?? []),
    at,
  );
  return before;
}

/**
 * Applies all upserts of a transaction in order: those of recipients first, then those of audience members. With `quietly`,
 * no run starts or continues because of them.
 */
export async function applyUpserts(
  tx: Transaction,
  upserts: readonly RecipientUpsert[],
  at: number,
  { quietly = false }: { quietly?: boolean } = {},
): Promise<void> {
  if (upserts.length === 0) return;
  const recipients = upserts.filter(({ audience }) => audience === undefined);
  const changes = recipients.map(
    (upsert): RecipientChange => ({
      key: upsert.key,
      depth: upsert.depth,
      change: (before) => mergeRecipient(before, upsert),
    }),
  );
  const { userChanges } = await changeRecipients(tx, changes, at, { quietly });
  const changesByUpsert = new Map(recipients.map((upsert, index) => [upsert, userChanges[index] ?? null]));
  const inOrder: UserChangeColumns[] = [];
  for (const upsert of upserts) {
    const { audience, depth = 0, key } = upsert;
    if (audience === undefined) {
      const change = changesByUpsert.get(upsert);
      if (change) inOrder.push(change);
      continue;
    }
    const member = [{ recipient: key, tenant: audience.tenant }];
    if (audience.action === "remove") await deleteMembers(tx, audience.key, member);
    else if ((await insertMembers(tx, audience.key, member, at)).length > 0 && !quietly)
      inOrder.push({ user: key, audience: audience.key, tenant: audience.tenant, depth });
  }
  await insertUserChanges(tx, inOrder, at);
}

export async function upsertRecipients(
  tx: Transaction,
  upserts: readonly RecipientUpsert[],
  at: number,
): Promise<CausedWork> {
  await applyUpserts(tx, upserts, at);
  return tx.getCausedWork();
}

/** Returns one page of a collection's recipients; with null, those of all collections except users. */
export async function listRecipients(
  tx: Reader,
  { collection, id, name, parts }: RecipientFilter,
  page: PageRequest,
): Promise<Paged<Recipient>> {
  const filters = new SqlFilters()
    .add("r.key = ?", id === undefined ? undefined : `${collection}/${id}`)
    .addPairs("r.properties", name === undefined ? undefined : { name })
    .addText([`(${buildJson("r.properties")} -> 'email')::text`], [], parts?.email)
    .addText([`(${buildJson("r.properties")} -> 'name')::text`], [], parts?.name);
  if (collection === null) filters.conditions.push(`split_part(r.key, '/', 1) <> '${USERS}'`);
  const { rows, page_info } = await readPage<RecipientRow>(
    tx,
    {
      kind: "recipients",
      columns: `r.row, ${RECIPIENT_COLUMNS}`,
      from: "FROM recipients r",
      bytes: RECIPIENT_BYTES,
      key: "r.row",
      filters,
      group:
        collection === null || id !== undefined
          ? undefined
          : { column: "split_part(r.key, '/', 1)", value: filters.bind(collection) },
      isSelective: id !== undefined,
    },
    page,
  );
  return { items: rows.map(toRecipient), page_info };
}
