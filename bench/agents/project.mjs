// Files and commands of a task's project.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const BIN = join(ROOT, "bin", "knock.js");
const COMMAND_TIMEOUT_MS = 120_000;
const UNCOPIED = new Set([".git", ".knock-local"]);

/** Copies a project without its store and history. */
function copyProject(from, to) {
  cpSync(from, to, { recursive: true, filter: (path) => !UNCOPIED.has(basename(path)) });
}

/** Copies a sample project into an empty folder. */
export const copyFixture = (name, folder) => copyProject(join(ROOT, "fixtures", name), folder);

export const readText = (folder, path) => readFileSync(join(folder, path), "utf8");

export const readJson = (folder, path) => JSON.parse(readText(folder, path));

export function writeText(folder, path, text) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

export const writeJson = (folder, path, value) => writeText(folder, path, `${JSON.stringify(value, null, 2)}\n`);

/** Changes a JSON file with a function that changes its value in place. */
export function editJson(folder, path, change) {
  const value = readJson(folder, path);
  change(value);
  writeJson(folder, path, value);
}

/** Replaces all occurrences of a text. Throws if the text is missing, because the task would then be another one. */
export function replaceText(folder, path, text, replacement) {
  const before = readText(folder, path);
  if (!before.includes(text)) throw new Error(`${path} does not contain ${JSON.stringify(text)}`);
  writeText(folder, path, before.replaceAll(text, replacement));
}

/** Returns the path of a workflow's file. */
export const pathOf = (workflow, file = "workflow.json") => `knock/workflows/${workflow}/${file}`;

/** Returns a step of a workflow, also if it is in a branch. */
export function findStep(workflow, ref) {
  const lists = [workflow.steps];
  for (const steps of lists)
    for (const step of steps) {
      if (step.ref === ref) return step;
      for (const branch of step.branches ?? []) lists.push(branch.steps);
    }
  throw new Error(`no step ${ref}`);
}

/** Commits all files, so that changes can be compared with HEAD. */
export function commit(folder) {
  const git = (...args) =>
    execFileSync("git", ["-c", "user.name=team", "-c", "user.email=team@example.com", ...args], { cwd: folder });
  writeText(folder, ".gitignore", ".knock-local/\n");
  git("init", "--quiet", "--initial-branch", "main");
  git("add", "--all");
  git("commit", "--quiet", "--message", "Start");
}

/** Runs a command in a folder, and returns its exit code and output. */
export function knock(folder, ...args) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("KNOCK_"));
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: Object.fromEntries(kept),
    encoding: "utf8",
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  return { code: status, stdout, stderr };
}

/** Calls a function with a temporary folder that another function fills. */
export function withFolder(fill, run) {
  const folder = mkdtempSync(join(tmpdir(), "knock-agents-"));
  try {
    fill(folder);
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls a function with a copy of a project. */
export const withCopy = (folder, run) => withFolder((copy) => copyProject(folder, copy), run);
