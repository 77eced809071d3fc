import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { parseProjectFile } from "../domain/project/parse-project-file.js";
import type { ProjectSettings } from "../domain/project/project-file-schema.js";
import type { ValidDocuments } from "../domain/schema/valid-documents.js";
import { KnockError } from "../errors/knock-error.js";
import { readProjectJson } from "./read-json-file.js";
import { placed } from "./read-resource.js";
import { shownPath } from "./shown-path.js";

export const PROJECT_FILE = "knock.json";

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
  /** Absent: every document is checked. */
  valid?: ValidDocuments | undefined;
}

/** The nearest folder, upwards from `from`, that holds `knock.json`; null if none does (F-001). */
export function findUpwards(from: string): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, PROJECT_FILE))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

export interface FindOptions {
  cwd: string;
  /** `--project`: a folder with `knock.json`, or the file itself. */
  project: string | null;
  /** `--knock-dir`: wins over the file's `knockDir`. */
  knockDir: string | null;
  /** Absent: every document is checked. */
  valid?: ValidDocuments;
}

/**
 * The project: `knock.json` found upwards (F-001), its `knockDir` resolved against the file's own folder (F-002).
 * Null if there is none and none was asked for. Throws `project_missing`, `project_invalid`.
 */
export async function findProject({ cwd, project, knockDir, valid }: FindOptions): Promise<ProjectLocation | null> {
  const asked = project === null ? null : resolve(cwd, project);
  const root = asked === null ? findUpwards(cwd) : basename(asked) === PROJECT_FILE ? dirname(asked) : asked;
  if (root === null || (asked === null && knockDir !== null && !existsSync(join(root, PROJECT_FILE)))) {
    if (knockDir === null) return null;
    const folder = existingFolder(resolve(cwd, knockDir), knockDir, "--knock-dir");
    return { root: dirname(folder), knockDir: folder, settings: {}, valid };
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
  const own = await placed({ path: file, shown }, () => parseProjectFile(raw, shown, valid));
  const folder =
    knockDir !== null ? resolve(cwd, knockDir) : isAbsolute(own.knockDir) ? own.knockDir : resolve(root, own.knockDir);
  return {
    root,
    knockDir: existingFolder(
      folder,
      shownPath(cwd, folder),
      knockDir === null ? `knockDir in ${shown}` : "--knock-dir",
    ),
    settings: own.settings ?? {},
    valid,
  };
}

/** F-003: a folder that is named must exist. */
function existingFolder(path: string, shown: string, source: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new KnockError("project_invalid", `${source}: the folder ${shown} does not exist`, {
    hint: "Create it, or correct the path.",
  });
}
