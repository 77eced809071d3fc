import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { SILENCERS_KEY, type SilencerEntry } from "../domain/schema/silencer-schema.js";
import { PROJECT_FILE, type ProjectLocation } from "../project/find-project.js";
import { formatDisplayPath, toSlashes } from "../project/format-display-path.js";
import { listFilesBelow } from "../project/list-folder.js";
import { MAX_FILE_BYTES, type ProjectFile } from "../project/read-project-text.js";
import { isJsonObject } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import { readTextFile } from "../util/text-file.js";
import { parseSilencerComments, type Silencer } from "./silencer.js";

const MARKERS = ["knock-ignore", SILENCERS_KEY];

/** Returns whether a path is in a folder or below it. */
const isBelow = (folder: string, path: string): boolean => path.startsWith(`${folder}${sep}`);

/** Returns the silencers in the settings of a file. They cover files below the folder of that file. */
async function buildSilencers(file: ProjectFile, entries: readonly SilencerEntry[], cwd: string): Promise<Silencer[]> {
  if (entries.length === 0) return [];
  const { locateFindings } = await import("../project/add-file-locations.js");
  const { default: picomatch } = await import("picomatch");
  const folder = dirname(file.path);
  const locations = await locateFindings(
    file,
    entries.map((_, index) => ({ code: "unused_silencer", path: ["settings", SILENCERS_KEY, index], message: "" })),
  );
  return entries.flatMap(({ code, reason, path }, index): Silencer[] => {
    const location = locations[index];
    if (location === undefined) return [];
    const { line, column, pointer } = location;
    const matches = path ? picomatch(path, { dot: true }) : () => true;
    const covers: Silencer["covers"] = (finding) => {
      const found = resolve(cwd, finding.file);
      return isBelow(folder, found) && matches(toSlashes(relative(folder, found)));
    };
    return [{ code, reason, file: location.file, line, column, pointer, covers }];
  });
}

/** Returns the entries that are complete. Others are reported as errors of the file. */
function readEntries(document: unknown): SilencerEntry[] {
  const settings = isJsonObject(document) && isJsonObject(document.settings) ? document.settings : {};
  const entries = settings[SILENCERS_KEY];
  return (Array.isArray(entries) ? entries : []).flatMap((entry): SilencerEntry[] => {
    if (!isJsonObject(entry)) return [];
    const { code, reason, path } = entry;
    if (typeof code !== "string" || typeof reason !== "string") return [];
    return [{ code, reason, path: typeof path === "string" ? path : undefined }];
  });
}

/** Returns the silencers of a project: in the settings of `knock.json` and of workflows, and in comments of templates. */
export async function readSilencers({ root, knockDir, settings }: ProjectLocation, cwd: string): Promise<Silencer[]> {
  const toFile = (path: string): ProjectFile => ({ path, displayPath: formatDisplayPath(cwd, path) });
  const projectFile = join(root, PROJECT_FILE);
  const silencers = await buildSilencers(toFile(projectFile), settings[SILENCERS_KEY] ?? [], cwd);
  for (const path of listFilesBelow(knockDir, (folder) => formatDisplayPath(cwd, folder))) {
    const read = readTextFile(path, MAX_FILE_BYTES, { onlyRegular: true });
    // An unreadable document has a finding of its own.
    if ("error" in read || !MARKERS.some((mark) => read.text.includes(mark))) continue;
    const { text } = read;
    silencers.push(...parseSilencerComments(formatDisplayPath(cwd, path), text));
    if (basename(path) !== "workflow.json") continue;
    const parsed = await parseJson(text);
    if ("value" in parsed) silencers.push(...(await buildSilencers(toFile(path), readEntries(parsed.value), cwd)));
  }
  return silencers;
}
