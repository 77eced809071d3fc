import { execFile } from "node:child_process";
import { relative } from "node:path";
import { promisify } from "node:util";
import { removeKeys } from "../../context/remove-keys.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { toSlashes } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import type { ChangedParts } from "../../scenarios/changed-parts.js";
import { findChangedWorkflows } from "./find-changed-workflows.js";

const GIT_TIMEOUT_MS = 10_000;
const MAX_GIT_OUTPUT = 16 * 1024 * 1024;
const run = promisify(execFile);

/** Runs git in a folder. Returns the paths that it prints. */
async function listPaths(folder: string, args: readonly string[]): Promise<string[]> {
  const limits = { timeout: GIT_TIMEOUT_MS, maxBuffer: MAX_GIT_OUTPUT };
  const { stdout } = await run("git", args, { cwd: folder, env: removeKeys(process.env), ...limits });
  return stdout.split("\0").filter(Boolean);
}

function toError(error: unknown, revision: string): KnockError {
  const { code, killed, stderr = "" } = error as { code?: unknown; killed?: boolean; stderr?: string };
  if (code === "ENOENT")
    return new KnockError("usage", "--changed needs git, which is not installed", { hint: "Run without --changed." });
  if (killed)
    return new KnockError("usage", `--changed: git did not respond within ${GIT_TIMEOUT_MS / 1_000} seconds`, {
      hint: "Run without --changed.",
    });
  if (/not a git repository/i.test(stderr))
    // git diff writes it with a capital letter.
    return new KnockError("usage", "--changed: the project is not in a git repository", {
      hint: "Run without --changed, or run `git init` and commit the project.",
    });
  return new KnockError("usage", `--changed: git does not know the revision "${revision}"`, {
    hint: "Use a commit, branch or tag. Run `git log --oneline` to see commits.",
  });
}

/** Returns the files below the project that differ from a revision, and new ones, relative to the project. */
async function listChangedFiles(root: string, revision: string): Promise<string[]> {
  if (revision.startsWith("-"))
    throw new KnockError("usage", `--changed: ${revision} is not a revision`, {
      hint: "Use a commit, branch or tag.",
    });
  try {
    const changed = await listPaths(root, ["diff", "--name-only", "--relative", "--no-ext-diff", "-z", revision, "--"]);
    const added = await listPaths(root, ["ls-files", "--others", "--exclude-standard", "-z"]);
    return [...changed, ...added];
  } catch (error) {
    throw toError(error, revision);
  }
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
