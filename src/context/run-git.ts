import { execFile } from "node:child_process";
import { KnockError } from "../errors/knock-error.js";
import { removeKeys } from "./remove-keys.js";

const GIT_TIMEOUT_MS = 30_000;
const MAX_GIT_OUTPUT = 128 * 1024 * 1024;

export interface GitOptions {
  folder: string;
  /** The flag that needs git, for errors. */
  flag: string;
  input?: string;
}

/** Runs git in a folder and returns its output. Throws `usage` without git, outside of a repository, and after a time limit. */
export function runGit(args: readonly string[], { folder, flag, input }: GitOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: GIT_TIMEOUT_MS, maxBuffer: MAX_GIT_OUTPUT };
    const options = { cwd: folder, env: removeKeys(process.env), ...limits, encoding: "buffer" } as const;
    const child = execFile("git", args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(toGitError(error, stderr.toString("utf8"), flag));
    });
    // Git may end before it has read everything; its exit code then says why.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}

function toGitError(error: { code?: unknown; killed?: boolean }, stderr: string, flag: string): KnockError {
  if (error.code === "ENOENT")
    return new KnockError("usage", `${flag} needs git, which is not installed`, { hint: "Use a folder instead." });
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER")
    return new KnockError("usage", `${flag}: the files are larger than ${MAX_GIT_OUTPUT / 1024 / 1024} MB`);
  if (error.killed)
    return new KnockError("usage", `${flag}: git did not respond within ${GIT_TIMEOUT_MS / 1_000} seconds`);
  if (/not a git repository/i.test(stderr))
    return new KnockError("usage", `${flag}: the project is not in a git repository`, {
      hint: `Name a folder with another version of the project, for example ${flag} ../old.`,
    });
  const [line = "git failed"] = stderr.split("\n");
  return new KnockError("usage", `${flag}: ${line}`, { cause: error });
}
