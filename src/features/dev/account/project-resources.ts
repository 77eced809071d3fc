import { statSync } from "node:fs";
import { join } from "node:path";
import type { ResourceRef, ResourceType } from "../../../domain/resource/resource-types.js";
import { getResourceFolder, listResourceIds, readResourceFiles } from "../../../project/resources/read-resources.js";
import { isJsonObject, type JsonObject } from "../../../util/json.js";
import type { ResourceStatus } from "./account-store.js";
import { computeContentDigest } from "./content-digest.js";

/** A resource in the project's files. */
export interface FileResource {
  content: JsonObject;
  digest: string;
  status: ResourceStatus | null;
  updated_at: number;
}

const STATUS_FIELDS: Partial<Record<ResourceType, readonly string[]>> = {
  workflow: ["active"],
  guide: ["active", "active_from", "active_until"],
};

/** Returns whether a resource runs, from its main file; null for kinds without a status. */
function readStatus(type: ResourceType, raw: JsonObject): ResourceStatus | null {
  const fields = STATUS_FIELDS[type];
  if (fields === undefined) return null;
  const state: JsonObject = { ...raw, ...(isJsonObject(raw.__readonly) ? raw.__readonly : {}) };
  return Object.fromEntries(fields.flatMap((field) => (state[field] == null ? [] : [[field, state[field]]])));
}

/** The resources in the files of a project. They are read again for each call. */
export class ProjectResources {
  constructor(readonly folders: { knockDir: string; displayPath(path: string): string }) {}

  list(type: ResourceType): string[] {
    return listResourceIds(this.folders, type);
  }

  /** Returns a resource, or null if no file has it. Throws `project_invalid` or `workflow_invalid` for a file that cannot be read. */
  async read(ref: ResourceRef): Promise<FileResource | null> {
    const found = await readResourceFiles(this.folders, ref);
    if (found === null) return null;
    const [mainFile = ""] = found.files.keys();
    const stats = statSync(join(getResourceFolder(this.folders.knockDir, ref), mainFile), { throwIfNoEntry: false });
    return {
      content: found.content,
      digest: computeContentDigest(found.content),
      status: readStatus(ref.type, found.raw),
      updated_at: Math.floor(stats?.mtimeMs ?? Date.now()),
    };
  }
}
