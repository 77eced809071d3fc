import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { parseProjectFile } from "../domain/project/parse-project-file.js";
import type { ProjectSettings } from "../domain/project/project-file-schema.js";
import { KnockError } from "../errors/knock-error.js";
import { describeFileError, getErrorCode } from "../util/text-file.js";
import type { DocumentLayer } from "./document-layer.js";
import { formatDisplayPath } from "./format-display-path.js";
import { readProjectJson } from "./read-project-text.js";
import { locateIn, type OnInvalid, parseDocument } from "./read-resource.js";

export const PROJECT_FILE = "knock.json";

export interface ProjectLocation {
  /** The folder that contains `knock.json`, or the parent of the folder of `--knock-dir`. */
  root: string;
  /** The folder with `workflows/` and the other resources. It exists. */
  knockDir: string;
  settings: ProjectSettings;
  /** The folder `branches/<slug>`, whose files take precedence over the main files. Absent for the main files alone. */
  branchDir?: string;
  /** The name of the file in `environments/` that is merged over `environment.json`. Absent for that file alone. */
  environmentName?: string | undefined;
  /** Contents that take precedence over the main files. Absent if the files alone decide. */
  documents?: DocumentLayer | undefined;
  /** Receives the errors of invalid documents, whose valid parts are then used. Absent if the first error is thrown. */
  onInvalid?: OnInvalid | undefined;
}

/** Returns the nearest folder, from `from` upwards, that contains `knock.json`, or null (F-001). */
export function findProjectRoot(from: string): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, PROJECT_FILE))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

/**
 * Returns why it is unknown whether a folder contains `knock.json`, to be placed after the file's name, for example in a container
 * whose user has no right to the folder. Null if it is known.
 */
export function describeUnreadableProject(folder: string): string | null {
  try {
    statSync(join(folder, PROJECT_FILE));
  } catch (error) {
    return getErrorCode(error) === "EACCES" ? describeFileError(error) : null;
  }
  return null;
}

export const UNREADABLE_PROJECT_HINT = "Grant the right to read this folder, or use --project to name another one.";

interface FindProjectOptions {
  cwd: string;
  /** `--project`: a folder with `knock.json`, or the file itself. */
  project: string | null;
  /** `--knock-dir`: takes precedence over the file's `knockDir`. */
  knockDir: string | null;
}

/**
 * Finds the nearest `knock.json` upwards and resolves its `knockDir` relative to the file's folder. Returns null if there is no
 * project and none was requested. Throws `project_missing` or `project_invalid` (F-001, F-002).
 */
export async function findProject({ cwd, project, knockDir }: FindProjectOptions): Promise<ProjectLocation | null> {
  const requested = project === null ? null : resolve(cwd, project);
  const root =
    requested === null ? findProjectRoot(cwd) : basename(requested) === PROJECT_FILE ? dirname(requested) : requested;
  if (root === null || (requested === null && knockDir !== null && !existsSync(join(root, PROJECT_FILE)))) {
    if (knockDir === null) return null;
    const folder = checkFolder(resolve(cwd, knockDir), knockDir, "--knock-dir");
    // Settings such as the recipient guard also apply if the command runs outside of the folder's project.
    const ownRoot = findProjectRoot(folder);
    const own = ownRoot === null ? null : await findProject({ cwd, project: ownRoot, knockDir: null });
    if (own?.knockDir === folder) return own;
    return { root: dirname(folder), knockDir: folder, settings: {} };
  }
  const file = join(root, PROJECT_FILE);
  const displayPath = formatDisplayPath(cwd, file, PROJECT_FILE);
  if (!existsSync(file)) {
    const problem = describeUnreadableProject(root);
    if (problem !== null)
      throw new KnockError("project_missing", `${displayPath} ${problem}`, { hint: UNREADABLE_PROJECT_HINT });
    const above = findProjectRoot(root);
    throw new KnockError("project_missing", `${displayPath} does not exist`, {
      hint:
        above === null
          ? "Use --project with a folder that contains knock.json. Run `knock init` to create one."
          : `Did you mean --project ${formatDisplayPath(cwd, above)}? --project needs a folder that contains knock.json. Run \`knock init\` to create one.`,
    });
  }
  const raw = await readProjectJson(file, displayPath);
  const parse = (document: unknown): ReturnType<typeof parseProjectFile> => parseProjectFile(document, displayPath);
  const projectFile = await parseDocument(raw, parse, { locate: locateIn({ path: file, displayPath }) });
  const folder =
    knockDir !== null
      ? resolve(cwd, knockDir)
      : isAbsolute(projectFile.knockDir)
        ? projectFile.knockDir
        : resolve(root, projectFile.knockDir);
  return {
    root,
    knockDir: checkFolder(
      folder,
      formatDisplayPath(cwd, folder),
      knockDir === null ? `knockDir in ${displayPath}` : "--knock-dir",
    ),
    settings: projectFile.settings ?? {},
  };
}

/** Returns the path of a named folder. Throws `project_invalid` if it does not exist (F-003). */
function checkFolder(path: string, displayPath: string, source: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new KnockError("project_invalid", `${source}: the folder ${displayPath} does not exist`, {
    hint: "Create it, or correct the path.",
  });
}
