import { statSync } from "node:fs";
import { join } from "node:path";
import { parseRecipientsFile, type RecipientsFile } from "../domain/request/parse-recipients-file.js";
import { KnockError } from "../errors/knock-error.js";
import { computeDigest } from "../util/ids.js";
import { parseJson } from "../util/parse-json.js";
import type { ProjectLocation } from "./find-project.js";
import { listFolder } from "./list-folder.js";
import { type ProjectFile, readProjectText } from "./read-project-text.js";
import { locateIn, parseDocument, readEach } from "./read-resource.js";

const MAX_INLINE_DIGEST_LENGTH = 65_536;

export interface RecipientsSeed extends RecipientsFile {
  /** File name, the key under which its digest is stored. */
  file: string;
  digest: string;
}

interface RecipientsDocument extends ProjectFile {
  name: string;
}

/**
 * Returns the files of `recipients/` in name order, without hidden ones of editors: Emacs locks people.json by a dangling link
 * .#people.json.
 */
export function listRecipientsFiles(knockDir: string, displayPath: (path: string) => string): RecipientsDocument[] {
  const folder = join(knockDir, "recipients");
  return listFolder(folder, displayPath)
    .filter((name) => name.endsWith(".json") && !name.startsWith("."))
    .sort()
    .map((name) => ({ name, path: join(folder, name), displayPath: displayPath(join(folder, name)) }))
    .filter(({ path }) => statSync(path, { throwIfNoEntry: false })?.isFile() !== false);
}

/** Reads the recipients files whose digest differs from the known one, in name order. Throws `project_invalid`. */
export async function readChangedRecipients(
  { knockDir, valid, onInvalid }: ProjectLocation,
  displayPath: (path: string) => string,
  known: ReadonlyMap<string, string>,
): Promise<RecipientsSeed[]> {
  const read = async (file: RecipientsDocument): Promise<RecipientsSeed | null> => {
    const text = readProjectText(file.path, file.displayPath);
    // The text of a small file is its digest: comparing texts is faster than hashing them in a process that has just started.
    const digest = text.length <= MAX_INLINE_DIGEST_LENGTH ? text : computeDigest(text);
    if (known.get(file.name) === digest) return null;
    const parsed = await parseJson(text);
    if ("error" in parsed)
      throw new KnockError(
        "project_invalid",
        `${file.displayPath}:${parsed.line}:${parsed.column}: invalid JSON: ${parsed.error}`,
      );
    const parse = (raw: unknown): RecipientsFile => parseRecipientsFile(raw, file.displayPath, valid);
    const content = await parseDocument(parsed.value, parse, { locate: locateIn(file), onInvalid });
    return { file: file.name, digest, ...content };
  };
  const seeds = await readEach(listRecipientsFiles(knockDir, displayPath), read, { onInvalid, needsAll: false });
  return seeds.filter((seed) => seed !== null);
}
