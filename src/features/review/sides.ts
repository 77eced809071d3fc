import { mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { PAYLOADS_FOLDER } from "../../checks/list-project-files.js";
import { openRevision } from "../../comparison/open-revision.js";
import { runGit } from "../../context/run-git.js";
import { createTemporaryFolder } from "../../context/temporary-folder.js";
import { KnockError } from "../../errors/knock-error.js";
import { PROJECT_FILE } from "../../project/find-project.js";
import { toSlashes } from "../../project/format-display-path.js";
import { openProject, type Project } from "../../project/open-project.js";
import { isScenarioFile } from "../../scenarios/list-scenario-files.js";
import { FLAG, findBase, getGitOptions } from "./find-base.js";

/** One of the two versions that a review compares. */
export interface ReviewSide {
  side: "before" | "after";
  name: string;
  commit: string | null;
  project: Project;
  /** The folder to which paths in messages are relative. */
  cwd: string;
  /** The project's folder in the repository; empty for the root. */
  folder: string;
}

interface ReviewSides {
  before: ReviewSide;
  after: ReviewSide;
  notes: string[];
  close(): void;
}

/** The folder of the snapshots of scenarios. */
const SNAPSHOTS = /(?:^|\/)__snapshots__\//;

/** Selects what `test` and `validate` read outside of the folder of the workflows. */
const isReviewed = (path: string): boolean =>
  isScenarioFile(path) || SNAPSHOTS.test(path) || path.startsWith(`${PAYLOADS_FOLDER}/`);

/** Returns a path as reports show it: relative to the root of the repository. */
export const formatSidePath = ({ project, folder }: ReviewSide, path: string): string => {
  const own = toSlashes(relative(project.root, path));
  return folder === "" ? own : `${folder}/${own}`;
};

const readLine = async (root: string, args: readonly string[]): Promise<string> =>
  (await runGit(args, getGitOptions(root))).toString("utf8").trim();

/** Returns the old path of each file below the project that git finds renamed since a revision. */
async function readRenames(root: string, revision: string): Promise<Map<string, string>> {
  const args = ["diff", "--name-status", "--find-renames", "--no-ext-diff", "-z", revision, "--", "."];
  const parts = (await runGit(args, getGitOptions(root))).toString("utf8").split("\0");
  const renames = new Map<string, string>();
  for (let at = 0; at < parts.length; at++) {
    if (!/^[RC]\d/.test(parts[at] ?? "")) continue;
    renames.set(parts[at + 2] ?? "", parts[at + 1] ?? "");
    at += 2;
  }
  return renames;
}

/** Returns the folder of the project at a revision: the same one, or the one from which its files have moved. Null for a new project. */
async function findOldFolder({ root, knockDir }: Project, folder: string, revision: string): Promise<string | null> {
  const main = [join(root, PROJECT_FILE), knockDir];
  const inRepository = main.map((path) => [folder, toSlashes(relative(root, path))].filter(Boolean).join("/"));
  const listed = await readLine(root, ["ls-tree", "--full-tree", "--name-only", revision, "--", ...inRepository]);
  if (listed !== "") return folder;
  // git finds renames only between all files of a revision, so the paths are not limited to the project.
  const top = await readLine(root, ["rev-parse", "--show-toplevel"]);
  for (const [now, before] of await readRenames(top, revision)) {
    const own = folder === "" ? now : now.startsWith(`${folder}/`) ? now.slice(folder.length + 1) : null;
    if (own === null || !`/${before}`.endsWith(`/${own}`)) continue;
    return before.slice(0, -own.length).replace(/\/$/, "");
  }
  return null;
}

/** Opens a project without workflows, which stands for one that does not exist at a revision. */
async function openEmptyProject({
  knockDir,
  root,
}: Project): Promise<{ project: Project; cwd: string; close(): void }> {
  const name = relative(root, knockDir) || "knock";
  const folder = await createTemporaryFolder("knock-revision-", async (created) => {
    mkdirSync(join(created, name, "workflows"), { recursive: true });
  });
  const project = openProject({ root: folder, knockDir: join(folder, name), settings: {} }, folder);
  return { project, cwd: folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Opens the base and the working tree. Throws `usage` for a base that git does not have. */
export async function openSides(
  project: Project,
  base: string | null,
  { env, cwd }: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<ReviewSides> {
  const found = await findBase(project, base, { env, cwd });
  const options = { flag: FLAG, includes: isReviewed };
  const after = { side: "after", name: "the working tree", commit: null, project, cwd, folder: "" } as const;
  if (found.isFolder) {
    const opened = await openRevision(project, { ...options, revision: found.revision }, cwd);
    return {
      before: { side: "before", name: opened.name, commit: null, project: opened.project, cwd: opened.cwd, folder: "" },
      after,
      notes: [],
      close: opened.close,
    };
  }
  const folder = (await readLine(project.root, ["rev-parse", "--show-prefix"])).replace(/\/$/, "");
  const commit = await readLine(project.root, ["rev-parse", "HEAD"]);
  const oldFolder = await findOldFolder(project, folder, found.revision);
  const side = { side: "before", name: found.name, commit: found.revision } as const;
  const head = { ...after, commit, folder };
  if (oldFolder === null) {
    const empty = await openEmptyProject(project);
    const note = `The project does not exist in ${found.name}, so everything in it is new.`;
    return {
      before: { ...side, project: empty.project, cwd: empty.cwd, folder },
      after: head,
      notes: [note],
      close: empty.close,
    };
  }
  const moved = oldFolder === folder ? {} : { folder: oldFolder };
  const opened = await openRevision(project, { ...options, ...moved, revision: found.revision }, cwd).catch(
    (error: unknown) => {
      if (!(error instanceof KnockError) || error.code !== "project_invalid") throw error;
      const message = `${FLAG}: the project in ${found.name} cannot be opened: ${error.message}`;
      throw error.copyWith({ message, hint: `Name a commit whose files are valid with ${FLAG}.` });
    },
  );
  const notes = oldFolder === folder ? [] : [`The project was in ${oldFolder || "the root"} before.`];
  return {
    before: { ...side, project: opened.project, cwd: opened.cwd, folder: oldFolder },
    after: head,
    notes,
    close: opened.close,
  };
}
