import { existsSync } from "node:fs";
import { join } from "node:path";
import { createDefaultEnvironment, type Environment } from "../domain/environment/environment.js";
import { parseEnvironment } from "../domain/environment/parse-environment.js";
import type { ValidDocuments } from "../domain/schema/valid-documents.js";
import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { listFolder } from "./list-folder.js";
import { type ProjectFile, readProjectJson } from "./read-project-text.js";
import { withFileLocation } from "./read-resource.js";

const ENVIRONMENTS_FOLDER = "environments";

/** The folder and the name of a project's environment. */
interface EnvironmentSource {
  knockDir: string;
  /** The name of a file in `environments/`; null for `environment.json` alone. */
  name: string | null;
  displayPath(path: string): string;
  valid?: ValidDocuments | undefined;
}

/** Returns the files that an environment is read from, the account's first. */
export function listEnvironmentFiles({ knockDir, name, displayPath }: EnvironmentSource): ProjectFile[] {
  const paths = [join(knockDir, "environment.json")];
  if (name !== null) paths.push(join(knockDir, ENVIRONMENTS_FOLDER, `${name}.json`));
  return paths.filter((path) => existsSync(path)).map((path) => ({ path, displayPath: displayPath(path) }));
}

/** Returns the names that `--environment` accepts. */
function listEnvironmentNames({
  knockDir,
  displayPath,
}: Pick<EnvironmentSource, "knockDir" | "displayPath">): string[] {
  return listFolder(join(knockDir, ENVIRONMENTS_FOLDER), displayPath)
    .filter((file) => file.endsWith(".json") && !file.startsWith("."))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** Merges a value over another. Objects are merged, and other values and the values of variables are replaced. */
function mergeEnvironment(
  base: Json | undefined,
  override: Json | undefined,
  path: readonly string[] = [],
): Json | undefined {
  if (override === undefined) return base;
  if (!isJsonObject(base) || !isJsonObject(override) || (path[0] === "variables" && path.length === 2)) return override;
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(override))
    merged[key] = mergeEnvironment(base[key], value, [...path, key]) as Json;
  return merged;
}

function hasPointer(raw: Json, pointer: string): boolean {
  let value: Json | undefined = raw;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    value = Array.isArray(value) ? value[Number(key)] : isJsonObject(value) ? value[key] : undefined;
    if (value === undefined) return false;
  }
  return true;
}

/**
 * Reads `environment.json` with the chosen `environments/<name>.json` merged over it. Errors name the file that they are in.
 * Throws `project_invalid`, and `resource_missing` for an unknown name (E-084).
 */
export async function readEnvironment(source: EnvironmentSource): Promise<Environment> {
  const files = listEnvironmentFiles(source);
  const documents: Json[] = [];
  for (const { path, displayPath } of files) documents.push(await readProjectJson(path, displayPath));
  checkEnvironmentName(source, documents[0] ?? null);
  const [account, chosen] = files;
  if (account === undefined) return createDefaultEnvironment();
  const [base, override] = documents;
  if (chosen === undefined)
    return withFileLocation(account, () => parseEnvironment(base, account.displayPath, source.valid));
  // The parser reports a document that is not an object as an error of its own file.
  if (!isJsonObject(override)) return withFileLocation(chosen, () => parseEnvironment(override, chosen.displayPath));
  if (!isJsonObject(base)) return withFileLocation(account, () => parseEnvironment(base, account.displayPath));
  const merged = mergeEnvironment(base, override);
  try {
    return parseEnvironment(merged, chosen.displayPath, source.valid);
  } catch (error) {
    const pointer = error instanceof KnockError ? (error.details[0]?.pointer ?? "") : "";
    const file = hasPointer(override, pointer) ? chosen : account;
    return withFileLocation(file, () => parseEnvironment(merged, file.displayPath));
  }
}

/**
 * Throws `resource_missing` for an unknown name. The name inside `environment.json` is also valid, and chooses that file
 * alone.
 */
function checkEnvironmentName(source: EnvironmentSource, account: Json): void {
  const { name } = source;
  if (name === null) return;
  const names = listEnvironmentNames(source);
  if (names.includes(name)) return;
  const ownName = isJsonObject(account) && typeof account.name === "string" ? account.name : "development";
  if (name === ownName) return;
  throw new KnockError("resource_missing", `there is no environment "${name}"`, {
    details: [{ pointer: "", message: "is not the name of an environment", value: name }],
    hint:
      didYouMean(name, [...new Set([...names, ownName])], "Environments") ??
      `Create ${source.displayPath(join(source.knockDir, ENVIRONMENTS_FOLDER, `${name}.json`))}.`,
  });
}
