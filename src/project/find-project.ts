import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { didYouMean, nearest } from "../util/nearest.js";
import { readProjectJson } from "./read-json-file.js";
import { placed } from "./read-resource.js";
import { shownPath } from "./shown-path.js";

export const PROJECT_FILE = "knock.json";

/** `settings` in `knock.json` (section 2 of the contract). */
export interface ProjectSettings {
  target?: string;
  base_url?: string;
  profile?: string;
  branch?: string;
  store?: string;
  environment?: string;
}

export interface ProjectLocation {
  /** The folder that holds `knock.json` (or the given `--knock-dir`'s parent). */
  root: string;
  /** The folder with `workflows/` and the rest; it exists. */
  knockDir: string;
  settings: ProjectSettings;
  /** `branches/<slug>`: what it has stands over the main files. Absent: the main files alone. */
  branchDir?: string;
  /** The file of `environments/` that is laid over `environment.json`. Absent: that file alone. */
  environmentName?: string | undefined;
}

const KEYS = ["knockDir", "settings", "$schema"] as const;
const SETTINGS = ["target", "base_url", "profile", "branch", "store", "environment"] as const;

/** The nearest folder, upwards from `from`, that holds `knock.json`; null if none does (F-001). */
export function findUpwards(from: string): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, PROJECT_FILE))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

/** The file is shared with other tools, whose keys are none of ours; but what was nearly one of ours was meant to be it. */
function refuseSlips(raw: JsonObject, shown: string): void {
  for (const key of Object.keys(raw)) {
    const near = KEYS.some((known) => known === key) ? undefined : nearest(key, KEYS);
    if (near === undefined) continue;
    throw new KnockError("project_invalid", `${shown}: ${key} is not a known key`, {
      details: [{ pointer: `/${key}`, message: `is not a known key; did you mean "${near}"?` }],
      hint: `Did you mean "${near}"?`,
    });
  }
}

function parseSettings(raw: unknown, shown: string): ProjectSettings {
  if (raw === undefined) return {};
  if (!isJsonObject(raw)) throw new KnockError("project_invalid", `${shown}: settings must be an object`);
  const settings: ProjectSettings = {};
  for (const [key, value] of Object.entries(raw)) {
    const name = SETTINGS.find((known) => known === key);
    if (name === undefined) {
      throw new KnockError("project_invalid", `${shown}: settings.${key} is not a known setting`, {
        details: [{ pointer: `/settings/${key}`, message: "is not a known setting" }],
        hint: didYouMean(key, SETTINGS, "Settings"),
      });
    }
    if (typeof value !== "string")
      throw new KnockError("project_invalid", `${shown}: settings.${key} must be a string`, {
        details: [{ pointer: `/settings/${key}`, message: "must be a string" }],
      });
    settings[name] = value;
  }
  return settings;
}

function parseProjectFile(raw: Json, shown: string): { knockDir: string; settings: ProjectSettings } {
  if (isJsonObject(raw)) refuseSlips(raw, shown);
  if (isJsonObject(raw) && typeof raw.knockDir === "string" && raw.knockDir.trim() !== "")
    return { knockDir: raw.knockDir, settings: parseSettings(raw.settings, shown) };
  throw new KnockError("project_invalid", `${shown}: knockDir must be the path of the folder with workflows/`, {
    details: [{ pointer: "/knockDir", message: "must be a non-empty string" }],
    hint: 'For example: { "knockDir": "./knock" }',
  });
}

export interface FindOptions {
  cwd: string;
  /** `--project`: a folder with `knock.json`, or the file itself. */
  project: string | null;
  /** `--knock-dir`: wins over the file's `knockDir`. */
  knockDir: string | null;
}

/**
 * The project: `knock.json` found upwards (F-001), its `knockDir` resolved against the file's own folder (F-002).
 * Null if there is none and none was asked for. Throws `project_missing`, `project_invalid`.
 */
export async function findProject({ cwd, project, knockDir }: FindOptions): Promise<ProjectLocation | null> {
  const asked = project === null ? null : resolve(cwd, project);
  const root = asked === null ? findUpwards(cwd) : basename(asked) === PROJECT_FILE ? dirname(asked) : asked;
  if (root === null || (asked === null && knockDir !== null && !existsSync(join(root, PROJECT_FILE)))) {
    if (knockDir === null) return null;
    const folder = existingFolder(resolve(cwd, knockDir), knockDir, "--knock-dir");
    return { root: dirname(folder), knockDir: folder, settings: {} };
  }
  const file = join(root, PROJECT_FILE);
  const shown = shownPath(cwd, file, PROJECT_FILE);
  if (!existsSync(file)) {
    const above = findUpwards(root);
    throw new KnockError("project_missing", `${shown} does not exist`, {
      hint:
        above === null
          ? "--project takes a folder that holds knock.json. `knock init` makes one."
          : `Did you mean --project ${shownPath(cwd, above)}? It takes a folder that holds knock.json; knock init makes one.`,
    });
  }
  const raw = await readProjectJson(file, shown);
  const own = await placed({ path: file, shown }, () => parseProjectFile(raw, shown));
  const folder =
    knockDir !== null ? resolve(cwd, knockDir) : isAbsolute(own.knockDir) ? own.knockDir : resolve(root, own.knockDir);
  return {
    root,
    knockDir: existingFolder(
      folder,
      shownPath(cwd, folder),
      knockDir === null ? `knockDir in ${shown}` : "--knock-dir",
    ),
    settings: own.settings,
  };
}

/** F-003: a folder that is named must exist. */
function existingFolder(path: string, shown: string, source: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new KnockError("project_invalid", `${source}: the folder ${shown} does not exist`, {
    hint: "Create it, or correct the path.",
  });
}
