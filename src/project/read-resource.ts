import { dirname } from "node:path";
import type { Json } from "../util/json.js";
import { type ProjectFile, readProjectJson } from "./read-json-file.js";
import { type Reference, resolveFileReferences } from "./resolve-file-references.js";

/** What is wrong with a file is told with line and column. `begin`: what messages about it begin with, unless with its name. */
export async function placed<T>(file: ProjectFile, read: () => T | Promise<T>, begin?: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { withPlaces } = await import("./fault-places.js");
    throw await withPlaces(error, file, begin);
  }
}

interface ResourceOptions {
  owner: NonNullable<Reference["owner"]>;
  begin?: string;
  /** The text files it refers to, as they are read (F-013). */
  files?: Map<string, string>;
}

/** A resource's main file with all that it refers to in its folder. Throws `project_invalid`, `workflow_invalid`. */
export function readResource<T>(
  file: ProjectFile,
  { owner, begin, files }: ResourceOptions,
  parse: (raw: Json) => T | Promise<T>,
): Promise<T> {
  const folder = dirname(file.path);
  const read = async (): Promise<T> => {
    const raw = await readProjectJson(file.path, file.shown, owner === "workflow" ? "workflow_invalid" : undefined);
    const reference = { from: folder, resourceDir: folder, shown: file.shown, used: new Set<string>(), owner };
    return parse(await resolveFileReferences(raw, files === undefined ? reference : { ...reference, files }));
  };
  return placed(file, read, begin);
}
