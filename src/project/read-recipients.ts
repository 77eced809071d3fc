import { statSync } from "node:fs";
import { join } from "node:path";
import {
  parseRecipientsFile,
  type RecipientsFile,
  type RecipientsFileMark,
} from "../domain/request/parse-recipients-file.js";
import { KnockError } from "../errors/knock-error.js";
import { computeDigest } from "../util/ids.js";
import { parseJson } from "../util/parse-json.js";
import type { ProjectLocation } from "./find-project.js";
import { listFolder } from "./list-folder.js";
import { findRecipientWarnings } from "./project-warnings.js";
import { type ProjectFile, readProjectText } from "./read-project-text.js";
import { locateIn, parseDocument, readEach } from "./read-resource.js";

const MAX_INLINE_DIGEST_LENGTH = 65_536;
/** The coarsest times of a file system, in nanoseconds. A later change within this time may not be visible in a stamp. */
const TIME_RESOLUTION = 2_000_000_000n;

export interface RecipientsSeed extends RecipientsFile, RecipientsFileMark {
  /** File name, the key under which its mark is stored. */
  file: string;
}

interface DataDocument extends ProjectFile {
  name: string;
}

/**
 * Returns the JSON files of `recipients/` or `schedules/` in name order, without hidden ones of editors: Emacs locks people.json by a dangling link
 * .#people.json.
 */
export function listDataFiles(folder: string, displayPath: (path: string) => string): DataDocument[] {
  return listFolder(folder, displayPath)
    .filter((name) => name.endsWith(".json") && !name.startsWith("."))
    .sort()
    .map((name) => ({ name, path: join(folder, name), displayPath: displayPath(join(folder, name)) }))
    .filter(({ path }) => statSync(path, { throwIfNoEntry: false })?.isFile() !== false);
}

/** Returns the files of `recipients/` in name order. */
export const listRecipientsFiles = (knockDir: string, displayPath: (path: string) => string): DataDocument[] =>
  listDataFiles(join(knockDir, "recipients"), displayPath);

/** Follows the stamp of a file with warnings. */
const WARNINGS = "warnings";

/** Returns text that differs after each change of a file. Null if the file is small, or changed a moment ago. */
function readStamp({ path }: DataDocument): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || stat.size <= MAX_INLINE_DIGEST_LENGTH) return null;
  const { size, mtimeNs, ctimeNs, ino } = stat;
  const settledAt = BigInt(Date.now()) * 1_000_000n - TIME_RESOLUTION;
  if (mtimeNs > settledAt || ctimeNs > settledAt) return null;
  return `${size} ${mtimeNs} ${ctimeNs} ${ino};`;
}

/** Returns whether a file had no warnings when its content was stored, and has not changed since. */
export function isWithoutWarnings(file: DataDocument, known: ReadonlyMap<string, RecipientsFileMark>): boolean {
  const stamp = known.get(file.name)?.stamp ?? null;
  return stamp !== null && stamp === readStamp(file);
}

/**
 * Reads the recipients files whose mark differs from the known one, in name order. A file with the known content and a new
 * stamp has an empty list of recipients. Throws `project_invalid`.
 */
export async function readChangedRecipients(
  { knockDir, onInvalid }: ProjectLocation,
  displayPath: (path: string) => string,
  known: ReadonlyMap<string, RecipientsFileMark>,
): Promise<RecipientsSeed[]> {
  const read = async (file: DataDocument): Promise<RecipientsSeed | null> => {
    const before = known.get(file.name);
    // Taken before the file is read, so that a change in the meantime makes the stamp differ.
    const stamp = onInvalid === undefined ? readStamp(file) : null;
    if (stamp !== null && before?.stamp?.startsWith(stamp)) return null;
    const text = readProjectText(file.path, file.displayPath);
    // The text of a small file is its digest: comparing texts is faster than hashing them in a process that has just started.
    const digest = text.length <= MAX_INLINE_DIGEST_LENGTH ? text : computeDigest(text);
    if (before?.digest === digest && stamp === null) return null;
    const parsed = await parseJson(text);
    if ("error" in parsed)
      throw new KnockError(
        "project_invalid",
        `${file.displayPath}:${parsed.line}:${parsed.column}: invalid JSON: ${parsed.error}`,
        { hint: parsed.hint },
      );
    const hasWarnings = stamp !== null && findRecipientWarnings(parsed.value).length > 0;
    const mark = { file: file.name, digest, stamp: hasWarnings ? `${stamp}${WARNINGS}` : stamp };
    if (before?.digest === digest) return { ...mark, recipients: [], subscriptions: [], audiences: [] };
    const parse = (raw: unknown): RecipientsFile => parseRecipientsFile(raw, file.displayPath);
    const content = await parseDocument(parsed.value, parse, { locate: locateIn(file), onInvalid });
    return { ...mark, ...content };
  };
  const seeds = await readEach(listRecipientsFiles(knockDir, displayPath), read, { onInvalid, needsAll: false });
  return seeds.filter((seed) => seed !== null);
}
