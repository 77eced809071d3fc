import { dirname } from "node:path";
import type { Json } from "../util/json.js";
import { type ProjectFile, readProjectJson } from "./read-project-text.js";
import { type ReferenceContext, resolveFileReferences } from "./resolve-file-references.js";

/** What is wrong with a file is told with line and column. `begin`: what messages about it begin with, unless with its name. */
export async function withFileLocation<T>(file: ProjectFile, read: () => T | Promise<T>, prefix?: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { addFileLocations: withPlaces } = await import("./add-file-locations.js");
    throw await withPlaces(error, file, prefix);
  }
}

interface ResourceOptions {
  owner: NonNullable<ReferenceContext["owner"]>;
  prefix?: string;
  /** The text files it refers to, as they are read (F-013). */
  files?: Map<string, string>;
}

/** A resource's main file with all that it refers to in its folder. Throws `project_invalid`, `workflow_invalid`. */
export function readResource<T>(
  file: ProjectFile,
  { owner, prefix: begin, files }: ResourceOptions,
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
    };
    return parse(await resolveFileReferences(raw, files === undefined ? reference : { ...reference, files }));
  };
  return withFileLocation(file, read, begin);
}
