import { dirname } from "node:path";
import { rememberTextFiles } from "../domain/template/text-files.js";
import type { Json } from "../util/json.js";
import { type ProjectFile, readProjectJson } from "./read-project-text.js";
import { type ReferenceContext, resolveFileReferences } from "./resolve-file-references.js";

/**
 * Runs `read` and adds locations to its errors about the file. `prefix` is what their messages start with, if not the file's
 * name.
 */
export async function withFileLocation<T>(file: ProjectFile, read: () => T | Promise<T>, prefix?: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { addFileLocations } = await import("./add-file-locations.js");
    throw await addFileLocations(error, file, prefix);
  }
}

interface ResourceOptions {
  owner: NonNullable<ReferenceContext["owner"]>;
  prefix?: string;
  /** Receives the text files that the resource references (F-013), if they belong to another value than the parsed one. */
  files?: Map<string, string>;
}

/**
 * Reads a resource's main file with everything that it references in its folder, and remembers the file of each text. Throws
 * `project_invalid` or `workflow_invalid`.
 */
export function readResource<T>(
  file: ProjectFile,
  { owner, prefix, files = new Map() }: ResourceOptions,
  parse: (raw: Json) => T | Promise<T>,
): Promise<T> {
  const folder = dirname(file.path);
  const read = async (): Promise<T> => {
    const raw = await readProjectJson(
      file.path,
      file.displayPath,
      owner === "workflow" ? "workflow_invalid" : undefined,
    );
    const reference = {
      from: folder,
      resourceDir: folder,
      displayPath: file.displayPath,
      referencedFiles: new Set<string>(),
      owner,
      files,
    };
    const resource = await parse(await resolveFileReferences(raw, reference));
    if (typeof resource === "object" && resource !== null) rememberTextFiles(resource, files);
    return resource;
  };
  return withFileLocation(file, read, prefix);
}
