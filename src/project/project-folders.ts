import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProjectLocation } from "./find-project.js";
import { listFolder } from "./list-folder.js";

const BRANCHES_FOLDER = "branches";

/** The form of a branch's slug. Other text names no folder (CLI-009). */
const BRANCH_SLUG = /^[\w-]+$/;

/** Returns a branch's folder, or null if it does not exist. */
export function findBranchFolder({ knockDir }: ProjectLocation, slug: string): string | null {
  const folder = join(knockDir, BRANCHES_FOLDER, slug);
  return BRANCH_SLUG.test(slug) && existsSync(folder) ? folder : null;
}

/** Returns the branch of the main files, which the official command's `.knockbranch` contains; "" without that file (F-009). */
export function readCurrentBranch(root: string): string {
  try {
    return readFileSync(join(root, ".knockbranch"), "utf8").trim();
  } catch {
    return "";
  }
}

/** Returns the branches that have a folder, in order. */
export function listBranches({ knockDir }: ProjectLocation): string[] {
  return listFolder(join(knockDir, BRANCHES_FOLDER), (path) => path)
    .filter((name) => BRANCH_SLUG.test(name))
    .sort();
}

/** The folders of a project's resources. A branch's folder takes precedence if it has the resource. */
export interface ProjectFolders {
  /** Returns the folder of a resource whose main file is `file`. It need not exist. */
  resolveFolder(kind: string, key: string, file: string): string;
  /** Returns the keys that have a main file, in order. */
  listKeys(kind: string, file: string): string[];
}

export function openProjectFolders(
  { knockDir, branchDir }: Pick<ProjectLocation, "knockDir" | "branchDir">,
  displayPath: (path: string) => string,
): ProjectFolders {
  const roots = branchDir === undefined ? [knockDir] : [branchDir, knockDir];
  const resolveFolder = (kind: string, key: string, file: string): string => {
    if (branchDir === undefined) return join(knockDir, kind, key);
    const branchCopy = join(branchDir, kind, key);
    return existsSync(join(branchCopy, file)) ? branchCopy : join(knockDir, kind, key);
  };
  return {
    resolveFolder,
    listKeys: (kind, file) => {
      const names = new Set(roots.flatMap((root) => listFolder(join(root, kind), displayPath)));
      return [...names].filter((key) => existsSync(join(resolveFolder(kind, key, file), file))).sort();
    },
  };
}
