import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Environment, emptyEnvironment } from "../domain/environment/environment.js";
import { parseEnvironment } from "../domain/environment/parse-environment.js";
import type { ValidDocuments } from "../domain/schema/valid-documents.js";
import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { didYouMean } from "../util/nearest.js";
import { namesIn } from "./names-in.js";
import { type ProjectFile, readProjectJson } from "./read-json-file.js";
import { placed } from "./read-resource.js";

const FOLDER = "environments";

/** Where a project's environment is read from. */
export interface EnvironmentPlace {
  knockDir: string;
  /** The name of a file in `environments/`; null: `environment.json` alone. */
  name: string | null;
  shown(path: string): string;
  valid?: ValidDocuments | undefined;
}

/** The files that an environment is read from, the account's first. */
export function environmentFiles({ knockDir, name, shown }: EnvironmentPlace): ProjectFile[] {
  const paths = [join(knockDir, "environment.json")];
  if (name !== null) paths.push(join(knockDir, FOLDER, `${name}.json`));
  return paths.filter((path) => existsSync(path)).map((path) => ({ path, shown: shown(path) }));
}

/** The names that `--environment` takes. */
export function environmentNames({ knockDir, shown }: Pick<EnvironmentPlace, "knockDir" | "shown">): string[] {
  return namesIn(join(knockDir, FOLDER), shown)
    .filter((file) => file.endsWith(".json") && !file.startsWith("."))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** Lays a value over another: objects are merged, everything else is replaced. Variables have values that may be objects. */
function over(base: Json | undefined, laid: Json | undefined, path: readonly string[] = []): Json | undefined {
  if (laid === undefined) return base;
  if (!isJsonObject(base) || !isJsonObject(laid) || (path[0] === "variables" && path.length === 2)) return laid;
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(laid)) merged[key] = over(base[key], value, [...path, key]) as Json;
  return merged;
}

function has(raw: Json, pointer: string): boolean {
  let value: Json | undefined = raw;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    value = Array.isArray(value) ? value[Number(key)] : isJsonObject(value) ? value[key] : undefined;
    if (value === undefined) return false;
  }
  return true;
}

/**
 * Reads `environment.json` with the chosen `environments/<name>.json` over it (E-084). Faults name the file that has them. Throws
 * `project_invalid`, also for an invalid name.
 */
export async function readEnvironment(place: EnvironmentPlace): Promise<Environment> {
  const files = environmentFiles(place);
  const raws: Json[] = [];
  for (const { path, shown } of files) raws.push(await readProjectJson(path, shown));
  checkName(place, raws[0] ?? null);
  const [account, chosen] = files;
  if (account === undefined) return emptyEnvironment();
  const [base, laid] = raws;
  if (chosen === undefined) return placed(account, () => parseEnvironment(base, account.shown, place.valid));
  // What is no object is reported by the parser, as the file's own fault.
  if (!isJsonObject(laid)) return placed(chosen, () => parseEnvironment(laid, chosen.shown));
  if (!isJsonObject(base)) return placed(account, () => parseEnvironment(base, account.shown));
  const merged = over(base, laid);
  try {
    return parseEnvironment(merged, chosen.shown, place.valid);
  } catch (error) {
    const pointer = error instanceof KnockError ? (error.details[0]?.pointer ?? "") : "";
    const file = has(laid, pointer) ? chosen : account;
    return placed(file, () => parseEnvironment(merged, file.shown));
  }
}

/** The name that `environment.json` gives itself chooses it alone. */
function checkName(place: EnvironmentPlace, account: Json): void {
  const { name } = place;
  if (name === null) return;
  const names = environmentNames(place);
  if (names.includes(name)) return;
  const own = isJsonObject(account) && typeof account.name === "string" ? account.name : "development";
  if (name === own) return;
  throw new KnockError("project_invalid", `there is no environment "${name}"`, {
    details: [{ pointer: "", message: "is no environment's name", value: name }],
    hint:
      didYouMean(name, [...new Set([...names, own])], "Environments") ??
      `Create ${place.shown(join(place.knockDir, FOLDER, `${name}.json`))}.`,
  });
}
