import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { nameFolder } from "../../comparison/open-revision.js";
import { findCommit, type GitOptions, tryGit } from "../../context/run-git.js";
import { KnockError } from "../../errors/knock-error.js";
import { PROJECT_FILE } from "../../project/find-project.js";
import type { Project } from "../../project/open-project.js";

/** The version before. `revision` is a commit, or a folder with another version of the project. */
interface Base {
  name: string;
  revision: string;
  isFolder: boolean;
}

/** The option that names the base. */
export const FLAG = "--base";

/** Returns how git is run for a project. */
export const getGitOptions = (root: string): GitOptions => ({
  folder: root,
  flag: FLAG,
  alternative: nameFolder(FLAG),
});

/** How a CI job fetches the commits that a review needs. */
const FETCH_HINTS = {
  github: "Add `fetch-depth: 0` below `with:` of the step actions/checkout, so that it fetches all commits.",
  gitlab: 'Add `GIT_DEPTH: "0"` to `variables:` of the job, so that it fetches all commits.',
  local: "Run `git fetch origin`, or name a commit, branch or tag with --base.",
  shallow: "Run `git fetch --unshallow`, or name a commit, branch or tag with --base.",
} as const;

const shorten = (commit: string): string => commit.slice(0, 8);

function createMissingError(revision: string, isShallow: boolean, hint: string): KnockError {
  const reason = isShallow
    ? "is not fetched, because the repository is a shallow clone"
    : "is not a commit of the repository";
  return new KnockError("usage", `${FLAG}: "${revision}" ${reason}`, { hint });
}

/** Returns the branches that the default branch can be, the most certain first. */
async function listDefaultBranches(git: GitOptions): Promise<string[]> {
  const head = await tryGit(["symbolic-ref", "--short", "refs/remotes/origin/HEAD"], git);
  return [...(head === null ? [] : [head]), "origin/main", "origin/master", "main", "master"];
}

/**
 * Finds the version before: the given one, or the commit at which the branch began. That is the base of the pull request in GitHub
 * Actions, that of the merge request in GitLab CI, and otherwise the merge base with the default branch. Throws `usage` with the line
 * to add if the commit is not fetched.
 */
export async function findBase(
  { root }: Project,
  base: string | null,
  { env, cwd }: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<Base> {
  if (base === "")
    throw new KnockError("usage", `${FLAG}: the value is empty`, { hint: "Name a commit, branch or folder." });
  if (base !== null && existsSync(join(resolve(cwd, base), PROJECT_FILE)))
    return { name: base, revision: base, isFolder: true };
  const git = getGitOptions(root);
  const isShallow = (await tryGit(["rev-parse", "--is-shallow-repository"], git)) === "true";
  const service = env.GITHUB_ACTIONS === "true" ? "github" : env.GITLAB_CI === "true" ? "gitlab" : "local";
  const hint = FETCH_HINTS[service === "local" && isShallow ? "shallow" : service];
  if (base !== null) {
    const commit = await findCommit(base, git);
    if (commit === null) throw createMissingError(base, isShallow, hint);
    return {
      name: commit.startsWith(base) ? shorten(commit) : `${base} (${shorten(commit)})`,
      revision: commit,
      isFolder: false,
    };
  }
  const wanted = env.GITHUB_BASE_REF
    ? `origin/${env.GITHUB_BASE_REF}`
    : // A pipeline for merged results has the newest commits of the target branch, which the merge request does not change.
      env.CI_MERGE_REQUEST_TARGET_BRANCH_SHA || env.CI_MERGE_REQUEST_DIFF_BASE_SHA;
  const candidates = wanted ? [wanted] : await listDefaultBranches(git);
  for (const candidate of candidates) {
    if ((await findCommit(candidate, git)) === null) continue;
    const commit = await tryGit(["merge-base", candidate, "HEAD"], git);
    if (commit === null) {
      if (isShallow) throw createMissingError(candidate, isShallow, hint);
      throw new KnockError("usage", `${FLAG}: "${candidate}" and the current commit have no common commit`, {
        hint: `Name the commit to compare with: knock review ${FLAG} <commit>.`,
      });
    }
    return { name: `${candidate.replace(/^origin\//, "")} (${shorten(commit)})`, revision: commit, isFolder: false };
  }
  if (wanted) throw createMissingError(wanted, isShallow, hint);
  throw new KnockError("usage", "the default branch was not found", {
    hint: "Name the version to compare with: knock review --base <commit, branch or folder>.",
  });
}
