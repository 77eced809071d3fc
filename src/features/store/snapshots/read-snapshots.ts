import { statSync } from "node:fs";
import { KnockError } from "../../../errors/knock-error.js";
import { type SnapshotSummary, summarizeSnapshot } from "../../../store/sqlite/copy/read-snapshot.js";
import { toIsoTime } from "../../../util/iso-time.js";
import type { SnapshotFolder } from "./snapshot-folder.js";
import type { ListedSnapshot, Snapshot } from "./snapshot-schemas.js";

function describeFile(name: string, file: string): Omit<ListedSnapshot, "contents" | "problem"> {
  const { mtimeMs, size } = statSync(file);
  return { name, file, saved_at: toIsoTime(Math.round(mtimeMs)), size_bytes: size };
}

function describeContents(
  { clock, ...counts }: SnapshotSummary,
  savedAt: string,
): NonNullable<ListedSnapshot["contents"]> {
  const now = clock.frozen_at ?? Date.parse(savedAt) + clock.offset_ms;
  return { clock: { now: toIsoTime(now), frozen: clock.frozen_at !== null }, ...counts };
}

/** Describes a snapshot. Throws `resource_missing` for an unknown name, and `store_unusable` for a file that is not one. */
export async function readSnapshot(folder: SnapshotFolder, name: string): Promise<Snapshot> {
  const file = folder.find(name);
  const described = describeFile(name, file);
  return { ...described, ...describeContents(await summarizeSnapshot(file), described.saved_at) };
}

/** Describes all snapshots. A file that is not a snapshot has a problem. */
export async function listSnapshots(folder: SnapshotFolder): Promise<ListedSnapshot[]> {
  const items: ListedSnapshot[] = [];
  for (const name of folder.list()) {
    const file = folder.getFile(name);
    const described = describeFile(name, file);
    try {
      const contents = describeContents(await summarizeSnapshot(file), described.saved_at);
      items.push({ ...described, contents, problem: null });
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      items.push({ ...described, contents: null, problem: error.message });
    }
  }
  return items;
}
