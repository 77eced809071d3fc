import { relative } from "node:path";
import { findCommit, runGit } from "../../context/run-git.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { toSlashes } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import type { ChangedParts } from "../../scenarios/changed-parts.js";
import { findChangedWorkflows } from "./find-changed-workflows.js";

/** Returns the files below the project that differ from a revision, and new ones, relative to the project. */
async function listChangedFiles(root: string, revision: string): Promise<string[]> {
  const alternative = "Run without --changed, or commit the project to a git repository.";
  const options = { folder: root, flag: "--changed", alternative };
  const commit = await findCommit(revision, options);
  if (commit === null)
    throw new KnockError("usage", `--changed: git does not know the revision "${revision}"`, {
      hint: "Use a commit, branch or tag. Run `git log --oneline` to see commits.",
    });
  const list = async (args: readonly string[]): Promise<string[]> =>
    (await runGit(args, options)).toString("utf8").split("\0").filter(Boolean);
  return [
    ...(await list(["diff", "--name-only", "--relative", "--no-ext-diff", "-z", commit, "--"])),
    ...(await list(["ls-files", "--others", "--exclude-standard", "-z"])),
  ];
}

/** Returns what differs from a revision. Throws `usage` outside of a repository and for an unknown revision. */
export async function readChangedParts(
  { root, knockDir }: Project,
  workflows: readonly Workflow[],
  revision: string,
): Promise<ChangedParts> {
  const paths = await listChangedFiles(root, revision);
  const folder = toSlashes(relative(root, knockDir));
  return { root, files: new Set(paths), workflows: findChangedWorkflows(paths, folder, workflows) };
}
