import { execFile } from "node:child_process";
import { KnockError } from "../errors/knock-error.js";
import { removeKeys } from "./remove-keys.js";

const GIT_TIMEOUT_MS = 30_000;
const MAX_GIT_OUTPUT = 128 * 1024 * 1024;

export interface GitOptions {
  folder: string;
  /** The flag that needs git, for errors. */
  flag: string;
  /** The hint if git cannot be used. */
  alternative: string;
  input?: string;
}

/** The output of git, or the first line of its error. */
type GitResult = { output: Buffer } | { refusal: string; cause: Error };

/** Runs git in a folder. Throws `usage` without git, outside of a repository, and after a time limit. */
function execute(args: readonly string[], options: GitOptions): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: GIT_TIMEOUT_MS, maxBuffer: MAX_GIT_OUTPUT };
    const settings = { cwd: options.folder, env: removeKeys(process.env), ...limits, encoding: "buffer" } as const;
    const child = execFile("git", args, settings, (error, output, stderr) => {
      if (error === null) return resolve({ output });
      const text = stderr.toString("utf8");
      const failure = findFailure(error, text, options);
      if (failure !== null) reject(failure);
      else resolve({ refusal: text.split("\n", 1)[0] || "git failed", cause: error });
    });
    // Git may end before it has read everything; its exit code then says why.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
  });
}

/** Returns the error if git could not work at all, and null if it refused what it was asked. */
function findFailure(
  error: { code?: unknown; killed?: boolean },
  stderr: string,
  { flag, alternative: hint }: GitOptions,
): KnockError | null {
  if (error.code === "ENOENT") return new KnockError("usage", `${flag} needs git, which is not installed`, { hint });
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER")
    return new KnockError("usage", `${flag}: the files are larger than ${MAX_GIT_OUTPUT / 1024 / 1024} MB`, { hint });
  if (error.killed)
    return new KnockError("usage", `${flag}: git did not respond within ${GIT_TIMEOUT_MS / 1_000} seconds`, { hint });
  // git diff writes it with a capital letter.
  if (!/not a git repository/i.test(stderr)) return null;
  return new KnockError("usage", `${flag}: the project is not in a git repository`, { hint });
}

/** Runs git in a folder and returns its output. Throws `usage` with its message if it fails. */
export async function runGit(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const result = await execute(args, options);
  if ("output" in result) return result.output;
  throw new KnockError("usage", `${options.flag}: ${result.refusal}`, { cause: result.cause });
}

/** Runs git in a folder and returns the text that it prints, or null if it refuses, for example an unknown revision. */
export async function tryGit(args: readonly string[], options: GitOptions): Promise<string | null> {
  const result = await execute(args, options);
  return "output" in result ? result.output.toString("utf8").trim() : null;
}

/** Returns the commit that a revision names, or null if the repository does not have it. */
export function findCommit(revision: string, options: GitOptions): Promise<string | null> {
  return tryGit(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`], options);
}
