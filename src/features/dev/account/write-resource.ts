import { existsSync, readFileSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildFiles } from "../../../domain/resource/build-files.js";
import type { ResourceDocument } from "../../../domain/resource/resource-document.js";
import { getResourceType, type ResourceRef } from "../../../domain/resource/resource-types.js";
import { getErrorMessage, KnockError } from "../../../errors/knock-error.js";
import { getResourceFolder, readResourceFiles } from "../../../project/resources/read-resources.js";
import { writeFilesTogether } from "../../../project/resources/write-files-together.js";
import type { JsonObject } from "../../../util/json.js";
import type { ProjectResources } from "./project-resources.js";

/** The new content of a resource and its read-only fields; null removes its files. */
interface ResourceWrite extends ResourceRef {
  document: { content: JsonObject; readonly: JsonObject } | null;
}

/**
 * Writes resources into the project's files, all or none. Files that a resource does not refer to stay, such as scenarios. Throws
 * `conflict` for such a file in the place of a new one, and `store_unusable` if the files cannot be written.
 */
export async function writeResources(
  { folders }: ProjectResources,
  writes: readonly ResourceWrite[],
  pendingFolder: string,
): Promise<void> {
  if (!existsSync(folders.knockDir))
    throw new KnockError(
      "store_unusable",
      `${folders.displayPath(folders.knockDir)} was deleted: nothing was written`,
      {
        hint: "Restore the folder, or start `knock dev` again.",
      },
    );
  const changes = new Map<string, string | null>();
  for (const write of writes) {
    const local = await readResourceFiles(folders, write);
    const folder = getResourceFolder(folders.knockDir, write);
    const built = write.document === null ? new Map<string, string>() : buildDocumentFiles(write, local);
    for (const [name, text] of built) {
      const path = join(folder, name);
      if (local?.files.get(name) === text) continue;
      if (local?.files.has(name) !== true && isOtherText(path, text))
        throw new KnockError(
          "conflict",
          `${folders.displayPath(path)} exists, but the ${getResourceType(write.type).label} does not refer to it: move it away`,
        );
      changes.set(path, text);
    }
    for (const name of local?.files.keys() ?? []) if (!built.has(name)) changes.set(join(folder, name), null);
  }
  try {
    writeFilesTogether(changes, pendingFolder);
  } catch (error) {
    const named = error instanceof Error && "path" in error ? String(error.path) : [...changes.keys()][0];
    const message = `${folders.displayPath(named ?? "")} could not be written: ${getErrorMessage(error)}`;
    throw new KnockError("store_unusable", message, { cause: error });
  }
  for (const [path, text] of changes) if (text === null) removeEmptyFolder(dirname(path));
}

function buildDocumentFiles(
  { type, id, document }: ResourceWrite,
  local: Parameters<typeof buildFiles>[2],
): ReadonlyMap<string, string> {
  const { content, readonly } = document as NonNullable<ResourceWrite["document"]>;
  const resource: ResourceDocument = { type, id, content };
  return buildFiles(resource, { key: id, valid: true, ...readonly }, local);
}

const isOtherText = (path: string, text: string): boolean => existsSync(path) && readFileSync(path, "utf8") !== text;

function removeEmptyFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It contains other files.
  }
}
