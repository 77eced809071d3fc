import { existsSync } from "node:fs";
import { join } from "node:path";
import { createDefaultEnvironment, type Environment } from "../domain/environment/environment.js";
import { isChannelType } from "../domain/message/channel-types.js";
import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";
import { isJsonObject, type Json, type JsonObject, parsePointer } from "../util/json.js";
import { parseEnvironment } from "./environment/parse-environment.js";
import { listFolder } from "./list-folder.js";
import { type ProjectFile, readProjectJson } from "./read-project-text.js";
import { locateIn, type OnInvalid, parseDocument } from "./read-resource.js";

const ENVIRONMENTS_FOLDER = "environments";

/** The folder and the name of a project's environment. */
interface EnvironmentSource {
  knockDir: string;
  /** The name of a file in `environments/`; null for `environment.json` alone. */
  name: string | null;
  displayPath(path: string): string;
  onInvalid?: OnInvalid | undefined;
}

/** Returns the files that an environment is read from, the account's first. */
export function listEnvironmentFiles({ knockDir, name, displayPath }: EnvironmentSource): ProjectFile[] {
  const paths = [join(knockDir, "environment.json")];
  if (name !== null) paths.push(join(knockDir, ENVIRONMENTS_FOLDER, `${name}.json`));
  return paths.filter((path) => existsSync(path)).map((path) => ({ path, displayPath: displayPath(path) }));
}

/** Returns the names that `--environment` accepts. */
export function listEnvironmentNames({
  knockDir,
  displayPath,
}: Pick<EnvironmentSource, "knockDir" | "displayPath">): string[] {
  return listFolder(join(knockDir, ENVIRONMENTS_FOLDER), displayPath)
    .filter((file) => file.endsWith(".json") && !file.startsWith("."))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** Merges a value over another. Objects are merged, and other values and the values of variables are replaced. */
function mergeEnvironment(base: Json | undefined, override: Json, path: readonly string[] = []): Json {
  if (!isJsonObject(base) || !isJsonObject(override) || (path[0] === "variables" && path.length === 2)) return override;
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(override)) merged[key] = mergeEnvironment(base[key], value, [...path, key]);
  return merged;
}

function hasPointer(raw: Json, pointer: string): boolean {
  let value: Json | undefined = raw;
  for (const key of parsePointer(pointer)) {
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
  const [base = null, override = null] = documents;
  const { onInvalid } = source;
  const readOne = (document: Json, file: ProjectFile): Promise<Environment> =>
    parseDocument(document, (raw) => parseEnvironment(raw, file.displayPath), {
      locate: locateIn(file),
      onInvalid,
    });
  if (chosen === undefined) return readOne(base, account);
  // The parser reports a document that is not an object as an error of its own file.
  if (!isJsonObject(override)) return readOne(override, chosen);
  if (!isJsonObject(base)) return readOne(base, account);
  const environment = await parseDocument(
    mergeEnvironment(base, override),
    (raw) => parseEnvironment(raw, chosen.displayPath),
    { locate: (error) => locateInFiles(error, override, { account, chosen }), onInvalid },
  );
  addNullChannelTypes(environment, base.channels);
  return environment;
}

/** Keeps the types of channels that the chosen environment sets to null, because old workflow files do not name them (F-041). */
function addNullChannelTypes({ channels, null_channel_types: types }: Environment, declared: Json | undefined): void {
  for (const [key, channel] of Object.entries(channels)) {
    const raw = channel === null && isJsonObject(declared) ? declared[key] : null;
    if (isJsonObject(raw) && isChannelType(raw.type)) types[key] = raw.type;
  }
}

/** Returns an error about merged files with the location of each detail in the file that has it. */
async function locateInFiles(
  error: unknown,
  override: JsonObject,
  { account, chosen }: Readonly<Record<"account" | "chosen", ProjectFile>>,
): Promise<unknown> {
  if (!(error instanceof KnockError) || !error.message.startsWith(`${chosen.displayPath}: `)) return error;
  const rest = error.message.slice(chosen.displayPath.length);
  const located: KnockError[] = [];
  for (const detail of error.details) {
    const file = hasPointer(override, detail.pointer) ? chosen : account;
    const own = error.copyWith({ message: file.displayPath + rest, details: [detail] });
    const found = await locateIn(file)(own);
    if (found instanceof KnockError) located.push(found);
  }
  const [first] = located;
  return first?.copyWith({ details: located.flatMap(({ details }) => details) }) ?? error;
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
