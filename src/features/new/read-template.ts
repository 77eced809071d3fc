import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { findPackageFolder } from "../../util/find-package-folder.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

/** The files of a template by path, as text. */
type TemplateFiles = ReadonlyMap<string, string>;

/** Reads a folder of the package's `templates/`. Files of the folder itself come before those of its folders. */
export function readTemplate(...folders: string[]): TemplateFiles {
  const root = join(findPackageFolder(), "templates", ...folders);
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = entries.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1)).sort();
  names.sort((a, b) => Number(a.includes(sep)) - Number(b.includes(sep)));
  return new Map(names.map((name) => [name, readFileSync(join(root, name), "utf8")]));
}

/** Parses a JSON file of a template. */
export function parseTemplate(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  return isJsonObject(value) ? value : {};
}
