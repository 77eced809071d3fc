import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { findCommit, type GitOptions, runGit } from "../context/run-git.js";
import { createTemporaryFolder } from "../context/temporary-folder.js";
import { KnockError } from "../errors/knock-error.js";
import { findProject, PROJECT_FILE } from "../project/find-project.js";
import { toSlashes } from "../project/format-display-path.js";
import { openProject, type Project } from "../project/open-project.js";
import { isJsonObject } from "../util/json.js";

const MAX_FILES = 20_000;
const MAX_BYTES = 100 * 1024 * 1024;
/** The mode of symbolic links, which are not followed. */
const LINK_MODE = "120000";

/** A revision to open. */
interface RevisionOptions {
  revision: string;
  /** The option that names it, for errors. */
  flag: string;
  /** The project's folder in the repository at that revision, if it has moved since. */
  folder?: string;
  /** Selects files outside of the folder of the workflows, by their path relative to the project. */
  includes?(path: string): boolean;
}

/** Another version of a project's files. `close` removes what was created for it. */
interface Revision {
  name: string;
  /** The commit; null for a folder. */
  commit: string | null;
  project: Project;
  /** The folder to which paths in messages are relative. */
  cwd: string;
  close(): void;
}

interface TreeEntry {
  sha: string;
  size: number;
  /** Relative to the project's folder. */
  path: string;
}

/** Returns the hint for a project whose revisions git cannot read. */
export const nameFolder = (flag: string): string =>
  `Name a folder with another version of the project, for example ${flag} ../old.`;

/** Reads files of a commit. Nothing in the repository and in the work tree changes. */
class Commit {
  private constructor(
    private readonly options: GitOptions,
    readonly sha: string,
    /** The path of the project's folder in the repository: empty, or ending in a slash. */
    private readonly prefix: string,
  ) {}

  static async find(root: string, { revision, flag, folder }: RevisionOptions): Promise<Commit> {
    const options = { folder: root, flag, alternative: nameFolder(flag) };
    const prefix =
      folder === undefined
        ? (await runGit(["rev-parse", "--show-prefix"], options)).toString("utf8").trim()
        : folder === ""
          ? ""
          : `${folder}/`;
    const sha = await findCommit(revision, options);
    if (sha !== null) return new Commit(options, sha, prefix);
    throw new KnockError("usage", `${flag}: "${revision}" is neither a folder with knock.json nor a git revision`, {
      hint: "Use a folder, commit, branch or tag. Run `git log --oneline` to see commits.",
    });
  }

  async list(paths: readonly string[]): Promise<TreeEntry[]> {
    const full = paths.map((path) => `${this.prefix}${path}`).filter((path) => path !== "");
    const args = ["ls-tree", "-r", "-z", "-l", "--full-tree", this.sha, "--", ...full];
    const output = (await runGit(args, this.options)).toString("utf8");
    return output.split("\0").flatMap((line) => {
      const [head = "", path = ""] = line.split("\t");
      const [mode, type, sha = "", size] = head.split(/ +/);
      if (type !== "blob" || mode === LINK_MODE) return [];
      return [{ sha, size: Number(size), path: path.slice(this.prefix.length) }];
    });
  }

  /** Yields the content of each entry. */
  async *readAll(entries: readonly TreeEntry[]): AsyncGenerator<[entry: TreeEntry, content: Buffer]> {
    const input = entries.map(({ sha }) => `${sha}\n`).join("");
    const output = await runGit(["cat-file", "--batch"], { ...this.options, input });
    let at = 0;
    for (const entry of entries) {
      // Each content follows a line with its ID, type and size, and ends with a line break.
      const start = output.indexOf("\n", at) + 1;
      yield [entry, output.subarray(start, start + entry.size)];
      at = start + entry.size + 1;
    }
  }
}

function checkSize(entries: readonly TreeEntry[], { revision, flag }: RevisionOptions): void {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  if (entries.length <= MAX_FILES && bytes <= MAX_BYTES) return;
  throw new KnockError("usage", `${flag}: the project in ${revision} is larger than ${MAX_BYTES / 1024 / 1024} MB`, {
    hint: `Use a folder instead. The limit is ${MAX_FILES.toLocaleString("en-US")} files.`,
  });
}

/** Returns the folder with the workflows according to the commit's own `knock.json`. */
async function readKnockDir(commit: Commit, { root, knockDir }: Project): Promise<string> {
  const current = toSlashes(relative(root, knockDir));
  for await (const [, content] of commit.readAll(await commit.list([PROJECT_FILE]))) {
    try {
      const file: unknown = JSON.parse(content.toString("utf8"));
      if (isJsonObject(file) && typeof file.knockDir === "string")
        return toSlashes(relative(root, resolve(root, file.knockDir)));
    } catch {
      // An invalid file is reported when the project is opened.
    }
  }
  return current;
}

/** Writes the project's files of a git revision to a temporary folder, and opens them. */
async function openGitRevision(project: Project, options: RevisionOptions): Promise<Revision> {
  const { revision, flag, includes } = options;
  const commit = await Commit.find(project.root, options);
  const knockDir = await readKnockDir(commit, project);
  if (knockDir.startsWith(".."))
    throw new KnockError("usage", `${flag}: the folder of the workflows is outside the project's folder`, {
      hint: "Use a folder instead.",
    });
  const isOwn = (path: string): boolean =>
    knockDir === "" || path === PROJECT_FILE || path.startsWith(`${knockDir}/`) || includes?.(path) === true;
  const listed = await commit.list(knockDir === "" || includes !== undefined ? [""] : [PROJECT_FILE, knockDir]);
  const entries = listed.filter(({ path }) => isOwn(path));
  checkSize(entries, options);
  const folder = await createTemporaryFolder("knock-revision-", async (created) => {
    for await (const [{ path }, content] of commit.readAll(entries)) {
      const file = resolve(created, path);
      if (relative(created, file).startsWith("..")) continue;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  });
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    if (!existsSync(join(folder, knockDir)))
      throw new KnockError("usage", `${flag}: ${revision} does not contain ${knockDir || "the project"}`, {
        hint: "Use a revision in which the project exists.",
      });
    const name = commit.sha.startsWith(revision) ? revision : `${revision} (${commit.sha.slice(0, 8)})`;
    return {
      name,
      commit: commit.sha,
      project: await openFolder(folder, project, { knockDir, flag }),
      cwd: folder,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Opens a project in another folder with the environment and the branch of the current one. */
async function openFolder(
  folder: string,
  current: Project,
  { knockDir, flag }: { knockDir: string | null; flag: string },
): Promise<Project> {
  const hasFile = existsSync(join(folder, PROJECT_FILE));
  const location = await findProject(
    hasFile ? { cwd: folder, project: folder, knockDir: null } : { cwd: folder, project: null, knockDir },
  );
  if (location === null) throw new KnockError("usage", `${flag}: ${folder} contains no knock.json`);
  const { environmentName } = current;
  const main = openProject(environmentName === undefined ? location : { ...location, environmentName }, folder);
  const slug = current.branchDir === undefined ? null : current.branchDir.split(sep).at(-1);
  return (slug && main.branch(slug)) || main;
}

/** Opens another version of a project: a folder with `knock.json`, or a git revision. */
export async function openRevision(project: Project, options: RevisionOptions, cwd: string): Promise<Revision> {
  const { revision, flag } = options;
  const folder = resolve(cwd, revision);
  if (!existsSync(join(folder, PROJECT_FILE))) return openGitRevision(project, options);
  const opened = await openFolder(folder, project, { knockDir: null, flag });
  return { name: revision, commit: null, project: opened, cwd: folder, close: () => {} };
}
