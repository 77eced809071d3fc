import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { findPackageFolder } from "../../util/find-package-folder.js";

/** The arguments that run the scenarios and write the reports of a job. */
export const TEST_COMMAND =
  "test --reporter terminal --reporter junit=reports/junit.xml --reporter html=reports/report.html";
/** The HTML page of a review. */
export const REVIEW_PAGE = "reports/review.html";

/** A project in its repository. CI services read their files only in the root of a repository. */
export interface CiProject {
  repository: string;
  /** The project's folder in the repository; empty for the root. */
  folder: string;
}

/** The installed command: its version, and the address of its repository, which a release adds to the package. */
export interface InstalledCommand {
  version: string;
  address: string | null;
}

/** Returns the nearest folder with a Git repository. */
function findRepositoryRoot(folder: string): string | null {
  for (let current = folder; ; current = dirname(current)) {
    if (existsSync(join(current, ".git"))) return current;
    if (dirname(current) === current) return null;
  }
}

export function findCiProject(root: string): CiProject {
  const repository = findRepositoryRoot(root) ?? root;
  return { repository, folder: relative(repository, root).replaceAll("\\", "/") };
}

/** Returns the address of the command's repository; null before the first release. */
export function readRepositoryAddress(): string | null {
  const { repository } = JSON.parse(readFileSync(join(findPackageFolder(), "package.json"), "utf8")) as {
    repository?: { url?: string };
  };
  return repository?.url?.replace(/^git\+/, "").replace(/\.git$/, "") ?? null;
}
