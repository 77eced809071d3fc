import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProjectLocation } from "./find-project.js";
import { namesIn } from "./names-in.js";

const BRANCHES = "branches";

/** CLI-009; what is none names no folder. */
const SLUG = /^[\w-]+$/;

/** A branch's folder; null where there is none. */
export function branchFolder({ knockDir }: ProjectLocation, slug: string): string | null {
  const folder = join(knockDir, BRANCHES, slug);
  return SLUG.test(slug) && existsSync(folder) ? folder : null;
}

/** The branch whose files the main ones are: what the official command's `.knockbranch` says, "" for none (F-009). */
export function currentBranch(root: string): string {
  try {
    return readFileSync(join(root, ".knockbranch"), "utf8").trim();
  } catch {
    return "";
  }
}

/** The branches that have a folder, in order. */
export function branchesIn({ knockDir }: ProjectLocation): string[] {
  return namesIn(join(knockDir, BRANCHES), (path) => path)
    .filter((name) => SLUG.test(name))
    .sort();
}

/** Where a project's resources lie: in its folder, or in a branch's where that has them. */
export interface ProjectFolders {
  /** The folder of one, whose main file is `file`; it need not exist. */
  folderOf(kind: string, key: string, file: string): string;
  /** What has a main file, in order. */
  keysIn(kind: string, file: string): string[];
}

export function projectFolders(
  { knockDir, branchDir }: ProjectLocation,
  shown: (path: string) => string,
): ProjectFolders {
  const roots = branchDir === undefined ? [knockDir] : [branchDir, knockDir];
  const folderOf = (kind: string, key: string, file: string): string => {
    if (branchDir === undefined) return join(knockDir, kind, key);
    const own = join(branchDir, kind, key);
    return existsSync(join(own, file)) ? own : join(knockDir, kind, key);
  };
  return {
    folderOf,
    keysIn: (kind, file) => {
      const names = new Set(roots.flatMap((root) => namesIn(join(root, kind), shown)));
      return [...names].filter((key) => existsSync(join(folderOf(kind, key, file), file))).sort();
    },
  };
}
