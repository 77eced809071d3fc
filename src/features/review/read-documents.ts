import { join, relative } from "node:path";
import { toComparableContent } from "../../domain/resource/comparable-content.js";
import { getResourceType, RESOURCE_TYPE_NAMES } from "../../domain/resource/resource-types.js";
import { KnockError } from "../../errors/knock-error.js";
import { toSlashes } from "../../project/format-display-path.js";
import { listFilesBelow } from "../../project/list-folder.js";
import { readProjectText } from "../../project/read-project-text.js";
import { listResourceIds, readResourceFiles } from "../../project/resources/read-resources.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { formatSidePath, type ReviewSide } from "./sides.js";

/** A resource or another file of one side. */
export interface ReviewedDocument {
  /** Such as `workflows/welcome`, `partials/footer` or `environment.json`. */
  id: string;
  /** The content with all texts inline; null if it cannot be read. */
  content: JsonObject | null;
  /** Why it cannot be read, or null. */
  error: string | null;
  /** The content as in the main file, whose texts may be in files of their own. */
  raw: JsonObject;
  /** The path of the main file. */
  path: string;
  /** The texts of files of their own, by path relative to the main file. */
  files: ReadonlyMap<string, string>;
}

export type DocumentSet = ReadonlyMap<string, ReviewedDocument>;

const BINARY = /\p{Cc}/u;
const MAX_TEXT_LENGTH = 1_000_000;

const getMessage = (error: unknown): string => {
  if (error instanceof KnockError) return error.message;
  throw error;
};

/** Returns a file that is not a resource as a document: its JSON, or its text. */
function readOtherFile(path: string, displayPath: string): Pick<ReviewedDocument, "content" | "error"> {
  try {
    const text = readProjectText(path, displayPath);
    if (path.endsWith(".json")) {
      const value: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
      if (isJsonObject(value)) return { content: value, error: null };
    }
    const isBinary = text.length > MAX_TEXT_LENGTH || BINARY.test(text.slice(0, 1_000).replace(/[\t\r\n]/g, ""));
    return { content: { text: isBinary ? `(${text.length} characters)` : text }, error: null };
  } catch (error) {
    if (error instanceof SyntaxError) return { content: null, error: `${displayPath}: invalid JSON` };
    return { content: null, error: getMessage(error) };
  }
}

/** Reads all resources and other files of a side. A file that cannot be read has an error. */
export async function readDocuments(side: ReviewSide): Promise<DocumentSet> {
  const { knockDir, root } = side.project;
  const displayPath = (path: string): string => formatSidePath(side, path);
  const folders = { knockDir, displayPath };
  const documents = new Map<string, ReviewedDocument>();
  const add = (document: ReviewedDocument): void => void documents.set(document.id, document);
  const resourceFolders = new Set<string>();
  for (const type of RESOURCE_TYPE_NAMES) {
    const { folder, mainFile } = getResourceType(type);
    if (mainFile === null) continue; // Their files are read below.
    for (const key of listResourceIds(folders, type)) {
      const id = `${folder}/${key}`;
      resourceFolders.add(id);
      const path = join(knockDir, folder, key, mainFile);
      const empty = { id, path, raw: {}, content: null, files: new Map<string, string>() };
      try {
        const resource = await readResourceFiles(folders, { type, id: key });
        if (resource === null) continue;
        const { raw, files, content } = resource;
        add({ ...empty, raw, files, content: toComparableContent(type, content), error: null });
      } catch (error) {
        add({ ...empty, error: getMessage(error) });
      }
    }
  }
  for (const path of listFilesBelow(knockDir, displayPath)) {
    const id = toSlashes(relative(knockDir, path));
    if (/\.test\.(?:ya?ml|json)$|(?:^|\/)__snapshots__\//.test(id)) continue;
    if (resourceFolders.has(id.split("/").slice(0, 2).join("/"))) continue;
    const read = readOtherFile(path, displayPath(path));
    add({ id, path, raw: read.content ?? {}, files: new Map(), ...read });
  }
  const projectFile = join(root, "knock.json");
  if (root !== knockDir) {
    const read = readOtherFile(projectFile, displayPath(projectFile));
    if (read.error === null)
      add({ id: "knock.json", path: projectFile, raw: read.content ?? {}, files: new Map(), ...read });
  }
  return documents;
}
