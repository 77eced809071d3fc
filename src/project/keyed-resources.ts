import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../util/json.js";
import type { ProjectLocation } from "./find-project.js";
import { MAIN_FILES } from "./main-files.js";
import { openProjectFolders } from "./project-folders.js";
import type { ProjectFile } from "./read-project-text.js";
import { locateIn, parseDocument, type ResourceOptions, type RunCheck, readResource } from "./read-resource.js";

/** The kinds of resources with a key that a document layer may contain, by their folders. */
const RESOURCE_TYPES = {
  audiences: "audience",
  guides: "guide",
  layouts: "email_layout",
  "message-types": "message_type",
  partials: "partial",
  workflows: "workflow",
} as const;

type ResourceFolder = keyof typeof RESOURCE_TYPES;

/** The kinds of which a branch has its own. */
const BRANCH_FOLDERS: readonly ResourceFolder[] = ["layouts", "partials", "workflows"];

/** Parses a resource. `file` is its main file; a document has only a display path, such as `partial "footer"`. */
type ParseResource<T> = (raw: Json, file: ProjectFile, runCheck: RunCheck) => T | Promise<T>;

/** The resources of a project that have a key: documents if it has a layer of them, else files. */
export interface KeyedResources {
  /** Returns the keys of a kind in order, also those that are not valid. */
  list(folder: ResourceFolder): Promise<string[]>;
  /** Returns a resource, or null if it does not exist. Throws as {@link readResource} does. */
  read<T>(folder: ResourceFolder, key: string, options: ResourceOptions, parse: ParseResource<T>): Promise<T | null>;
}

export function openKeyedResources(
  location: Pick<ProjectLocation, "knockDir" | "branchDir" | "documents">,
  displayPath: (path: string) => string,
): KeyedResources {
  const { knockDir, branchDir, documents } = location;
  const ofBranch = openProjectFolders(location, displayPath);
  const ofMain = openProjectFolders({ knockDir }, displayPath);
  const getFolders = (folder: ResourceFolder): typeof ofMain => (BRANCH_FOLDERS.includes(folder) ? ofBranch : ofMain);

  async function list(folder: ResourceFolder): Promise<string[]> {
    const keys = getFolders(folder).listKeys(folder, MAIN_FILES[folder]);
    if (documents === undefined) return keys;
    const own = keys.filter((key) => isOwnOfBranch(folder, key));
    return [...new Set([...own, ...(await documents.listIds(RESOURCE_TYPES[folder], keys))])].sort();
  }

  const isOwnOfBranch = (folder: ResourceFolder, key: string): boolean =>
    branchDir !== undefined &&
    BRANCH_FOLDERS.includes(folder) &&
    existsSync(join(branchDir, folder, key, MAIN_FILES[folder]));

  async function read<T>(
    folder: ResourceFolder,
    key: string,
    options: ResourceOptions,
    parse: ParseResource<T>,
  ): Promise<T | null> {
    const document = isOwnOfBranch(folder, key)
      ? undefined
      : await documents?.find({ type: RESOURCE_TYPES[folder], id: key });
    if (document === null) return null;
    if (document !== undefined) {
      const named = { path: "", displayPath: `${options.owner} "${key}"` };
      const { onInvalid } = options;
      return parseDocument(document, (raw, runCheck) => parse(raw, named, runCheck), {
        locate: locateIn(named),
        onInvalid,
      });
    }
    const path = join(getFolders(folder).resolveFolder(folder, key, MAIN_FILES[folder]), MAIN_FILES[folder]);
    if (!existsSync(path)) return null;
    const file = { path, displayPath: displayPath(path) };
    return readResource(file, options, (raw, runCheck) => parse(raw, file, runCheck));
  }

  return { list, read };
}
