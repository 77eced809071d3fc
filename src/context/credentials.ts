import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { makeFolder } from "../util/make-folder.js";
import { getErrorCode } from "../util/text-file.js";
import {
  createUnusableFileError,
  PROFILE_FIELDS,
  type Profile,
  type ProfileFile,
  parseProfile,
  readProfileFile,
} from "./profile-file.js";

const RETRY_MS = 20;
/**
 * The maximum age of a lock. An older one belongs to a process that was killed, because a small file is written in
 * milliseconds.
 */
const MAX_LOCK_AGE_MS = 5_000;
const MAX_WAIT_MS = 10_000;

/** Creates the folder that is the lock. Returns false if another process holds it. */
function tryToLock(lock: string): boolean {
  try {
    mkdirSync(lock, { mode: 0o700 });
    return true;
  } catch (error) {
    if (getErrorCode(error) !== "EEXIST") throw error;
    return false;
  }
}

const isAbandoned = (lock: string): boolean =>
  Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY) > MAX_LOCK_AGE_MS;

const unlock = (lock: string): void => rmSync(lock, { recursive: true, force: true });

/**
 * Runs `work`, which reads and writes a file, while no other process runs such work on the file. Creates the file's folder. Throws
 * the error of the file system if the lock cannot be created.
 */
async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  makeFolder(dirname(file), 0o700);
  const startedAt = Date.now();
  while (!tryToLock(lock)) {
    if (Date.now() - startedAt > MAX_WAIT_MS) throw new Error(`${lock} exists: another process is writing the file`);
    if (isAbandoned(lock)) unlock(lock);
    else await pause(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    unlock(lock);
  }
}

/** A change of a profile; null removes a value. */
export interface ProfileChange {
  api_key?: string | null;
  base_url?: string | null;
  service_token?: string | null;
  management_url?: string | null;
  branch?: string | null;
  target?: string | null;
  recipients?: { allow?: string[] | null; redirect?: string | null };
}

/** The result of deleting a profile: no profile had the name, all of it was deleted, or its recipient guard was kept. */
export type DeletedProfile = "missing" | "deleted" | "guard_kept";

export type EnvironmentVariables = Record<string, string | undefined>;

export interface StoredProfile {
  /** Null if no profile has this name. */
  profile: Profile | null;
  /** The text of a warning if other users of the computer can read the file, otherwise null. */
  warning: string | null;
}

export interface Credentials {
  /** The path of the file, even if the file does not exist. */
  readonly path: string;
  readProfile(name: string): StoredProfile;
  /** Creates or updates a profile. Undefined leaves a value unchanged; null removes it. */
  writeProfile(name: string, change: ProfileChange): Promise<void>;
  /**
   * Deletes a profile except for its recipient guard, and clears the default if it names that profile. A guard is kept, so that a later
   * login with the same name cannot reach more recipients than before.
   */
  deleteProfile(name: string): Promise<DeletedProfile>;
  /** Returns the names in sorted order. */
  listProfiles(): string[];
  readDefaultProfileName(): string | null;
  /** Sets the default profile; null clears it. Throws `profile_invalid` if there is no such profile. */
  writeDefaultProfileName(name: string | null): Promise<void>;
}

/**
 * The file's name without extension. `config.json` in the same folder belongs to the official command line (CLI-004).
 */
const FILE_NAME = "profiles";
const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Returns the home folder that the system reports for the user, or `/` for a user without an account, as Docker does. */
function readHomeFolder(): string {
  try {
    // Loading `node:os` adds 1 ms to a start, and HOME is almost always set. `homedir` would return an empty HOME.
    return process.getBuiltinModule("node:os").userInfo().homedir;
  } catch {
    return "/";
  }
}

/**
 * Returns the folder of the profiles. By default, it is the folder that the official command line also uses (CLI-004), and both
 * read `KNOCK_CONFIG_DIR`; `KNOCK_PROFILES_DIR` is read only here. A relative path is resolved against `cwd`.
 */
export function getConfigFolder(
  env: EnvironmentVariables,
  cwd: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = env.KNOCK_PROFILES_DIR || env.KNOCK_CONFIG_DIR;
  if (chosen) return resolve(cwd, chosen);
  // The XDG specification requires that relative paths are ignored.
  if (env.XDG_CONFIG_HOME && isAbsolute(env.XDG_CONFIG_HOME)) return join(env.XDG_CONFIG_HOME, "knock");
  if (platform === "win32" && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, "knock");
  return join(env.HOME || readHomeFolder(), ".config", "knock");
}

/**
 * Opens the profiles and their API keys, which are stored in one file that only its owner can read. Every method throws
 * `profile_invalid`, with the path, if the file cannot be read or its content is not valid, and `usage` if a profile
 * name is not valid.
 */
export function openCredentials(
  env: EnvironmentVariables,
  cwd: string,
  platform: NodeJS.Platform = process.platform,
): Credentials {
  const folder = getConfigFolder(env, cwd, platform);
  const file = join(folder, `${FILE_NAME}.json`);
  const read = () => readProfileFile(file);

  /** Changes the file. Processes that change it at the same time wait for each other. Null leaves it unchanged. */
  async function update(change: (document: ProfileFile) => ProfileFile | null): Promise<void> {
    try {
      await withFileLock(file, async () => {
        const changed = change(read());
        if (changed !== null) await write(changed);
      });
    } catch (error) {
      throw error instanceof KnockError ? error : createUnusableFileError(file, "cannot be written", error);
    }
  }

  async function write(document: ProfileFile): Promise<void> {
    try {
      // Loaded only for writing, because many commands read profiles, which needs only the file.
      const { default: Conf } = await import("conf");
      const conf = new Conf<JsonObject>({
        cwd: folder,
        configName: FILE_NAME,
        configFileMode: 0o600,
        accessPropertiesByDotNotation: false,
        clearInvalidConfig: false,
      });
      conf.store = {
        ...document.rest,
        ...(document.default === null ? {} : { default: document.default }),
        profiles: document.profiles,
      };
    } catch (error) {
      throw createUnusableFileError(file, "cannot be written", error);
    }
  }

  return {
    path: file,
    readProfile(name) {
      checkProfileName(name);
      const stored = getStoredProfile(read(), name);
      const profile = stored === undefined ? null : parseProfile(stored, name, file);
      return { profile, warning: profile === null || platform === "win32" ? null : findPermissionWarning(file) };
    },
    async writeProfile(name, change) {
      checkProfileName(name);
      await update((document) => ({
        ...document,
        profiles: { ...document.profiles, [name]: changeProfile(getStoredProfile(document, name), change) },
      }));
    },
    async deleteProfile(name) {
      checkProfileName(name);
      let result: DeletedProfile = "missing";
      await update((document) => {
        const stored = getStoredProfile(document, name);
        if (stored === undefined) return null;
        const { [name]: _deleted, ...profiles } = document.profiles;
        const guard = isJsonObject(stored) ? stored.recipients : undefined;
        result = guard === undefined ? "deleted" : "guard_kept";
        return {
          ...document,
          profiles: guard === undefined ? profiles : { ...profiles, [name]: { recipients: guard } },
          default: document.default === name ? null : document.default,
        };
      });
      return result;
    },
    listProfiles: () => Object.keys(read().profiles).sort(),
    readDefaultProfileName: () => read().default,
    async writeDefaultProfileName(name) {
      if (name !== null) checkProfileName(name);
      await update((document) => {
        if (name !== null && !Object.hasOwn(document.profiles, name)) {
          throw new KnockError("profile_invalid", `there is no profile "${name}" in ${file}`, {
            hint: `Create it with \`knock auth login --profile ${name}\`.`,
          });
        }
        return { ...document, default: name };
      });
    },
  };
}

/** Returns a profile with changed values. Keeps unknown keys. */
function changeProfile(stored: Json | undefined, change: ProfileChange): JsonObject {
  const profile: JsonObject = isJsonObject(stored) ? { ...stored } : {};
  for (const field of PROFILE_FIELDS) {
    const value = change[field];
    if (value === null) delete profile[field];
    else if (value !== undefined) profile[field] = value;
  }
  if (change.recipients !== undefined) {
    const guard = isJsonObject(profile.recipients) ? profile.recipients : {};
    const recipients = Object.entries({ ...guard, ...change.recipients }).filter(([, value]) => value !== null);
    if (recipients.length === 0) delete profile.recipients;
    else profile.recipients = Object.fromEntries(recipients);
  }
  return profile;
}

/** Returns a stored profile by its own key, because a profile may be named `constructor`. */
function getStoredProfile({ profiles }: ProfileFile, name: string): Json | undefined {
  return Object.hasOwn(profiles, name) ? profiles[name] : undefined;
}

function checkProfileName(name: string): void {
  if (PROFILE_NAME.test(name)) return;
  throw new KnockError("usage", `"${name}" is not a valid profile name`, {
    hint: "Use up to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit.",
  });
}

function findPermissionWarning(file: string): string | null {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) === 0) return null;
  return `${file} contains API keys, and other users of this computer can read it (mode ${mode.toString(8)}): chmod 600 ${file}`;
}
