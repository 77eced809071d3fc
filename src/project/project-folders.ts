import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProjectLocation } from "./find-project.js";
import { listFolder } from "./list-folder.js";

const BRANCHES_FOLDER = "branches";

/** CLI-009; what is none names no folder. */
const BRANCH_SLUG = /^[\w-]+$/;

/** A branch's folder; null where there is none. */
export function findBranchFolder({ knockDir }: ProjectLocation, slug: string): string | null {
  const folder = join(knockDir, BRANCHES_FOLDER, slug);
  return BRANCH_SLUG.test(slug) && existsSync(folder) ? folder : null;
}

/** The branch whose files the main ones are: what the official command's `.knockbranch` says, "" for none (F-009). */
export function readCurrentBranch(root: string): string {
  try {
    return readFileSync(join(root, ".knockbranch"), "utf8").trim();
  } catch {
    return "";
  }
}

/** The branches that have a folder, in order. */
export function listBranches({ knockDir }: ProjectLocation): string[] {
  return listFolder(join(knockDir, BRANCHES_FOLDER), (path) => path)
    .filter((name) => BRANCH_SLUG.test(name))
    .sort();
}

/** Where a project's resources lie: in its folder, or in a branch's where that has them. */
export interface ProjectFolders {
  /** The folder of one, whose main file is `file`; it need not exist. */
  resolveFolder(kind: string, key: string, file: string): string;
  /** What has a main file, in order. */
  listKeys(kind: string, file: string): string[];
}

export function openProjectFolders(
  { knockDir, branchDir }: ProjectLocation,
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
