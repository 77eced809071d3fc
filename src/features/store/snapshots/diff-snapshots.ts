import { existsSync } from "node:fs";
import { formatRecipient, type RecipientKey, toRecipientReference } from "../../../domain/recipient/recipient.js";
import { KnockError } from "../../../errors/knock-error.js";
import { compareStores, type KindDifference } from "../../../store/sqlite/copy/compare-stores.js";
import { openSqliteStore } from "../../../store/sqlite/open-sqlite-store.js";
import { isJsonObject, type Json, stableStringify } from "../../../util/json.js";
import type { FieldChange, SnapshotDiff } from "./diff-schema.js";
import { useCurrentSnapshot } from "./restore-snapshot.js";
import type { SnapshotFolder } from "./snapshot-folder.js";

const parse = (text: string | null): Json | undefined => (text === null ? undefined : JSON.parse(text));

/** Returns the values that differ between two objects, with their paths. */
function listFieldChanges(before: Json | undefined, after: Json | undefined, path = ""): FieldChange[] {
  if (isJsonObject(before) && isJsonObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      listFieldChanges(
        Object.hasOwn(before, key) ? before[key] : undefined,
        Object.hasOwn(after, key) ? after[key] : undefined,
        path === "" ? key : `${path}.${key}`,
      ),
    );
  if (stableStringify(before) === stableStringify(after)) return [];
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

/** Returns the channels whose data differs. The data itself may contain tokens. */
const listChannelChanges = (before: string | null, after: string | null): FieldChange[] => {
  const changes = listFieldChanges(parse(before) ?? {}, parse(after) ?? {});
  return [...new Set(changes.map(({ path }) => `channel_data.${path.split(".", 1)[0]}`))].map((path) => ({ path }));
};

const formatKey = (key: RecipientKey): string => formatRecipient(toRecipientReference(key));

/** Converts the differences of a kind to their document. */
function toDocument<Row, Item>(
  { rows, ...counts }: KindDifference<Row>,
  toItem: (row: KindDifference<Row>["rows"][number]) => Item,
): Omit<KindDifference<Row>, "rows"> & { items: Item[] } {
  return { ...counts, items: rows.map(toItem) };
}

async function compareFiles(
  before: string,
  after: { path: string; isSnapshot: boolean },
  limit: number,
): Promise<Omit<SnapshotDiff, "before" | "after">> {
  const difference = await compareStores({ path: before, isSnapshot: true }, after, limit);
  return {
    recipients: toDocument(difference.recipients, ({ change, key, ...row }) => ({
      change,
      recipient: formatKey(key),
      fields:
        change === "changed"
          ? [
              ...listFieldChanges(parse(row.before), parse(row.after)),
              ...listChannelChanges(row.channel_data_before, row.channel_data_after),
            ]
          : [],
    })),
    preferences: toDocument(difference.preferences, ({ change, key, before: old, after: now }) => ({
      change,
      recipient: formatKey(key),
      fields: change === "changed" ? listFieldChanges(parse(old), parse(now)) : [],
    })),
    runs: toDocument(difference.runs, (row) => ({ ...row, recipient: formatKey(row.recipient) })),
    messages: toDocument(difference.messages, (row) => ({ ...row, recipient: formatKey(row.recipient) })),
  };
}

/** Compares a snapshot with another one, or with the store as it is now if `other` is null. */
export async function diffSnapshots(
  folder: SnapshotFolder,
  name: string,
  other: string | null,
  limit: number,
): Promise<SnapshotDiff> {
  const { location } = folder;
  const found = await useCurrentSnapshot(folder, name, async (before) => {
    if (other !== null)
      return useCurrentSnapshot(folder, other, (path) => compareFiles(before, { path, isSnapshot: true }, limit));
    if (!existsSync(location))
      throw new KnockError("store_unusable", `there is no store ${location}`, {
        hint: "Give the name of another snapshot, or restore this one.",
      });
    await (await openSqliteStore(location)).close();
    return compareFiles(before, { path: location, isSnapshot: false }, limit);
  });
  return { before: name, after: other, ...found };
}
