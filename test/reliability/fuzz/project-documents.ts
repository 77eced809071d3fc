import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { resolveFileReferences } from "../../../src/project/resolve-file-references.js";
import type { Json } from "../../../src/util/json.js";

export const SAMPLES_FOLDER = resolve(import.meta.dirname, "../../../fixtures");
const PROJECTS = ["collab", "ops", "shop"];

/** Returns the paths of the files of all sample projects. */
export function listSampleFiles(): string[] {
  return PROJECTS.flatMap((project) =>
    readdirSync(join(SAMPLES_FOLDER, project), { recursive: true, encoding: "utf8" })
      .filter((name) => !name.includes(".knock-local"))
      .map((name) => join(SAMPLES_FOLDER, project, name)),
  ).sort();
}

/** Returns the documents of all sample projects whose path matches, with the texts of the files that they name. */
export async function readSampleDocuments(path: RegExp): Promise<Json[]> {
  const documents: Json[] = [];
  for (const file of listSampleFiles().filter((name) => path.test(name))) {
    const text = readFileSync(file, "utf8");
    const raw = (file.endsWith(".yaml") ? parse(text) : JSON.parse(text)) as Json;
    const from = dirname(file);
    const displayPath = file;
    documents.push(
      await resolveFileReferences(raw, {
        from,
        resourceDir: from,
        displayPath,
        referencedFiles: new Set(),
        owner: "workflow",
      }),
    );
  }
  return documents;
}
