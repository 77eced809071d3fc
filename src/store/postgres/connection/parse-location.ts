import { KnockError } from "../../../errors/knock-error.js";
import { findNearest } from "../../../util/find-nearest.js";
import { joinHostList, splitHostList } from "./host-list.js";

/** The URL of a store in its parts. */
export interface StoreLocation {
  /** The URLs of its servers for the client, in the order in which they are tried. */
  urls: readonly string[];
  /** Without passwords and keys, as errors show it. */
  shown: string;
  /** Whether a server in recovery is passed over. */
  needsPrimary: boolean;
  /** The session options of the URL. */
  options: string;
  /** The schema of the tables; null for the first one of the role's search path. */
  schema: string | null;
}

/** The parameters that the store or its client know. Others are ignored, because hosts of databases add their own. */
const PARAMETERS = [
  ...["schema", "target_session_attrs", "options", "application_name", "user", "password", "host", "port"],
  ...["sslmode", "sslrootcert", "sslcert", "sslkey", "sslnegotiation", "uselibpqcompat"],
];
const SSL_MODES = ["disable", "require", "verify-ca", "verify-full", "prefer", "no-verify"];
const SESSION_ATTRIBUTES = ["any", "read-write", "primary"];
/** Needs no quotes, and leaves room for the name of the schema of jobs. */
const SCHEMA = /^(?!pg_)[a-z_][a-z0-9_]{0,50}$/;

const createParameterError = (message: string, hint: string): KnockError =>
  new KnockError("invalid_params", `the URL of the store: ${message}`, { hint });

function readChoice(url: URL, name: string, choices: readonly string[]): string | null {
  const value = url.searchParams.get(name);
  if (value === null || choices.includes(value)) return value;
  throw createParameterError(`${name} has the unknown value "${value}"`, `Use one of: ${choices.join(", ")}.`);
}

/**
 * Replaces modes that the client treats as `verify-full`, because it warns about them with a text of its own. With `uselibpqcompat`,
 * they are as weak as in libpq.
 */
function setSslMode(url: URL): void {
  const mode = readChoice(url, "sslmode", SSL_MODES);
  const isCompatible = url.searchParams.get("uselibpqcompat") === "true";
  if (!isCompatible && ["require", "verify-ca", "prefer"].includes(mode ?? ""))
    url.searchParams.set("sslmode", "verify-full");
  if (isCompatible && mode === "verify-ca" && !url.searchParams.has("sslrootcert"))
    throw createParameterError("sslmode=verify-ca needs an authority", "Add sslrootcert=<file>, or use verify-full.");
}

/** Returns the error for a text that is not a PostgreSQL URL. The text is not repeated, because it may contain a password. */
function createLocationError(): KnockError {
  return new KnockError("invalid_params", "the store is not a valid PostgreSQL URL", {
    hint: "Use the form postgres://user@host:5432/database. Give the password in PGPASSWORD.",
  });
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw createLocationError();
  }
}

/** Returns a URL without its password. */
function formatShown(url: URL, hosts: readonly string[]): string {
  const shown = new URL(url);
  shown.password = "";
  for (const name of [...shown.searchParams.keys()]) if (/password|key/i.test(name)) shown.searchParams.delete(name);
  return joinHostList(shown, hosts);
}

/** Parses the URL of a store. Throws `invalid_params`. */
export function parseLocation(location: string): StoreLocation {
  const { url: text, hosts } = splitHostList(location);
  const url = parseUrl(text);
  const shown = formatShown(url, hosts);
  for (const name of url.searchParams.keys()) {
    const near = PARAMETERS.includes(name) ? undefined : findNearest(name, PARAMETERS);
    if (near !== undefined) throw createParameterError(`unknown parameter "${name}"`, `Did you mean ${near}?`);
  }
  setSslMode(url);
  const attributes = readChoice(url, "target_session_attrs", SESSION_ATTRIBUTES) ?? "any";
  const schema = url.searchParams.get("schema");
  if (schema !== null && !SCHEMA.test(schema))
    throw createParameterError(
      `"${schema}" is not a name for a schema`,
      "Use up to 51 lowercase letters, digits and underscores, not starting with a digit or pg_.",
    );
  const options = url.searchParams.get("options") ?? "";
  for (const name of ["target_session_attrs", "schema", "options"]) url.searchParams.delete(name);
  const urls = hosts.map((host) => parseUrl(joinHostList(url, [host])).href);
  return {
    urls: urls.length === 0 ? [url.href] : urls,
    shown,
    needsPrimary: attributes !== "any",
    options,
    schema: schema === "public" ? null : schema,
  };
}
