import { join } from "node:path";
import type { ScheduleEntry } from "../domain/trigger/schedules-file.js";
import { KnockError } from "../errors/knock-error.js";
import { computeDigest } from "../util/ids.js";
import { parseJson } from "../util/parse-json.js";
import type { ProjectLocation } from "./find-project.js";
import { readProjectText } from "./read-project-text.js";
import { listDataFiles } from "./read-recipients.js";
import { locateIn, parseDocument, readEach } from "./read-resource.js";

/** The folder of the project with schedules. Marks of its files start with this name. */
export const SCHEDULES_FOLDER = "schedules";

interface SchedulesFile {
  /** The path below the project's folder, under which the mark is stored. */
  file: string;
  digest: string;
  displayPath: string;
  path: string;
  entries: ScheduleEntry[];
}

export interface ChangedSchedules {
  changed: SchedulesFile[];
  /** All files, changed or not. */
  files: string[];
}

/** Reads the files of `schedules/` whose digest differs from the known one, in name order. Throws `project_invalid`. */
export async function readChangedSchedules(
  { knockDir, onInvalid }: Pick<ProjectLocation, "knockDir" | "onInvalid">,
  displayPath: (path: string) => string,
  known: ReadonlyMap<string, string>,
): Promise<ChangedSchedules> {
  const documents = listDataFiles(join(knockDir, SCHEDULES_FOLDER), displayPath);
  const toKey = (name: string): string => `${SCHEDULES_FOLDER}/${name}`;
  const files = documents.map(({ name }) => toKey(name));
  if (documents.length === 0) return { changed: [], files };
  const read = async (document: (typeof documents)[number]): Promise<SchedulesFile | null> => {
    const text = readProjectText(document.path, document.displayPath);
    const [file, digest] = [toKey(document.name), computeDigest(text)];
    if (known.get(file) === digest) return null;
    const parsed = await parseJson(text);
    if ("error" in parsed)
      throw new KnockError(
        "project_invalid",
        `${document.displayPath}:${parsed.line}:${parsed.column}: invalid JSON: ${parsed.error}`,
        { hint: parsed.hint },
      );
    const { parseSchedulesFile } = await import("../domain/trigger/schedules-file.js");
    const parse = (raw: unknown): ScheduleEntry[] => parseSchedulesFile(raw, document.displayPath);
    const entries = await parseDocument(parsed.value, parse, { locate: locateIn(document), onInvalid });
    return { file, digest, displayPath: document.displayPath, path: document.path, entries };
  };
  const changed = await readEach(documents, read, { onInvalid, needsAll: false });
  return { changed: changed.filter((one) => one !== null), files };
}
