import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { KnockError } from "../errors/knock-error.js";
import type { Project } from "../project/open-project.js";
import { joinHostList, splitHostList } from "../store/postgres/connection/host-list.js";
import type { EnvironmentVariables } from "./credentials.js";
import type { Setting } from "./resolve-settings.js";

/**
 * The folder next to `knock.json` for local data. It is not inside `knockDir`, because that folder is often committed
 * as a whole.
 */
export const LOCAL_FOLDER = ".knock-local";

const REDACTED = "…redacted";

/** Returns whether a store is a PostgreSQL database and not a file. */
export function isPostgresLocation(location: string): boolean {
  return location.startsWith("postgres://") || location.startsWith("postgresql://");
}

/** Returns whether a location has content to show: a file that exists, or a database. */
export function hasStore(location: string): boolean {
  return isPostgresLocation(location) || (location !== ":memory:" && existsSync(location));
}

/** Returns a location as text, without the password of a database. */
export function formatStoreLocation(location: string): string {
  if (!isPostgresLocation(location)) return location;
  // A password with characters that a URL cannot contain must not appear either, so the text is not parsed. The last @ ends
  // the password.
  return location
    .replace(/^([^:]+:\/\/[^:@/?#]*):(.*)@/, (_, start: string) => `${start}:${REDACTED}@`)
    .replace(/([?&][^?=&#]*password=)[^&#]*/gi, (_, start: string) => `${start}${REDACTED}`);
}

/** Returns the name of the variable that a text refers to, or null if it is not a reference. */
function findReference(text: string): string | null {
  return /^\$([A-Za-z_]\w*)$/.exec(text)?.[1] ?? null;
}

function readVariable(name: string, env: EnvironmentVariables): string {
  const value = env[name];
  if (value) return value;
  throw new KnockError("store_unusable", `the environment variable ${name} is not set, and the store refers to it`, {
    hint: `Set ${name}, or change the setting that \`knock config list\` shows for the store.`,
  });
}

function parseDatabaseUrl(location: string, text: string): URL {
  try {
    return new URL(text);
  } catch {
    // The cause is left out, because it contains the password.
    throw new KnockError("store_unusable", `${formatStoreLocation(location)} is not a URL of a PostgreSQL database`, {
      hint: "Use postgres://user@host:5432/database. Special characters in the password must be percent-encoded.",
    });
  }
}

/** Returns the URL of a database with its password, which may be in the URL, in a variable that it names or in PGPASSWORD. */
function resolveDatabaseUrl(location: string, env: EnvironmentVariables): string {
  const { url: text, hosts } = splitHostList(location);
  const url = parseDatabaseUrl(location, text);
  const name = findReference(decodeURIComponent(url.password));
  if (name !== null) url.password = encodeURIComponent(readVariable(name, env));
  else if (url.password === "" && !url.searchParams.has("password") && env.PGPASSWORD)
    url.password = encodeURIComponent(env.PGPASSWORD);
  return joinHostList(url, hosts);
}

/**
 * Returns the location of the store: a file, `:memory:` or the URL of a database. It may contain a password: show it only with
 * {@link formatStoreLocation}. A path from `knock.json` is relative to that file; any other path is relative to `cwd`.
 */
export function resolveStoreLocation(
  { value, source }: Setting<string | null>,
  project: Project,
  cwd: string,
  env: EnvironmentVariables,
): string {
  if (value === null) return join(project.root, LOCAL_FOLDER, "store.db");
  return resolveLocation(value, source === "project" ? project.root : cwd, env);
}

/** Returns a location that a user gave: a path relative to `folder`, `:memory:`, or the URL of a database with its password. */
export function resolveLocation(value: string, folder: string, env: EnvironmentVariables): string {
  const name = findReference(value);
  const location = name === null ? value : readVariable(name, env);
  if (location === ":memory:") return location;
  if (isPostgresLocation(location)) return resolveDatabaseUrl(location, env);
  // Otherwise, the URL would become the name of a folder. It may contain a password, so only the scheme is shown.
  const [, scheme] = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location) ?? [];
  if (scheme !== undefined)
    throw new KnockError("usage", `the store is a ${scheme}:// URL, which is not supported`, {
      hint: "Use a file, :memory: or postgres://user@host:5432/database.",
    });
  return resolve(folder, location);
}
