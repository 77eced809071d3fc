import { existsSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { buildFiles } from "../../domain/resource/build-files.js";
import type { ResourceFiles } from "../../domain/resource/build-resource-files.js";
import type { ComparedResource } from "../../domain/resource/compare-resources.js";
import { findCaseCollision, formatResourceName, type ResourceSelector } from "../../domain/resource/resource-name.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { isBelow, toSlashes } from "../../project/format-display-path.js";
import { getResourceFolder, type ProjectResource } from "../../project/resources/read-resources.js";
import { hasPendingFiles, writeFilesTogether } from "../../project/resources/write-files-together.js";
import type { AccountResource } from "../../remote/management/account.js";
import { isJsonObject, type Json } from "../../util/json.js";
import { getErrorCode } from "../../util/text-file.js";
import type { AccountSession } from "./account-session.js";
import { type AccountComparison, compareWithAccount } from "./compare-account.js";
import type { PulledResource, PullReport } from "./pull-report-schema.js";

/** Returns what a pull does with a resource. `force` prefers the account's version to changes of the project. */
function decideAction({ state, there }: ComparedResource, force: boolean): PulledResource["action"] | null {
  if (state === "unchanged") return null;
  if (state === "new_there" || state === "changed_there") return "written";
  if (state === "deleted_there") return "deleted";
  if (state === "new_here") return "kept";
  if (force) return there === null ? "deleted" : "written";
  return state === "both" ? "conflict" : "kept";
}

/** Returns whether a document contains a reference to a file, which only files may contain. */
function hasReference(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasReference);
  return isJsonObject(value) && Object.entries(value).some(([key, child]) => /.@$/.test(key) || hasReference(child));
}

/** Collects the changes of files of a pull, which are then written together. */
class PullFiles {
  readonly changes = new Map<string, string | null>();
  private readonly deletedFiles: string[] = [];

  constructor(private readonly session: AccountSession) {}

  /** Adds the files of the account's version below a folder. Returns their names, and the paths of those that change. */
  addVersion(
    knockDir: string,
    remote: AccountResource,
    local: ProjectResource | null,
  ): { files: ResourceFiles; changed: string[] } {
    const name = formatResourceName(remote);
    if (hasReference(remote.content))
      throw new KnockError("conflict", `${name} of the account contains a reference to a file`, {
        hint: "Rename the property that ends with @ in the dashboard. Nothing was changed.",
      });
    const folder = getResourceFolder(knockDir, remote);
    const files = buildFiles(remote, remote.readonly, local);
    const changed: string[] = [];
    for (const [file, text] of files) {
      const path = join(folder, file);
      if (!isBelow(folder, path)) throw new Error(`${name} has a file outside of its folder: ${file}`);
      if (knockDir === this.session.knockDir && local?.files.get(file) === text) continue;
      this.changes.set(path, text);
      changed.push(path);
    }
    return { files, changed };
  }

  getText(folder: string, file: string): string | null | undefined {
    return this.changes.get(join(folder, file));
  }

  /** Replaces the files of a resource by the account's version. */
  replace(remote: AccountResource, local: ProjectResource | null): string[] {
    const { knockDir, bases } = this.session;
    const { files, changed } = this.addVersion(knockDir, remote, local);
    const stale = local === null ? [] : this.deleteFiles(local, files);
    this.changes.set(bases.getPath(remote), bases.format({ here: remote.content, there: remote.content }));
    return [...changed, ...stale];
  }

  /** Deletes the files of a resource. Other files in its folder stay. */
  delete(local: ProjectResource): string[] {
    this.changes.set(this.session.bases.getPath(local), null);
    return this.deleteFiles(local, new Map());
  }

  private deleteFiles(local: ProjectResource, kept: ResourceFiles): string[] {
    const folder = getResourceFolder(this.session.knockDir, local);
    const paths = [...local.files.keys()].filter((file) => !kept.has(file)).map((file) => join(folder, file));
    for (const path of paths) this.changes.set(path, null);
    this.deletedFiles.push(...paths);
    return paths;
  }

  write(): void {
    const { knockDir, localFolder, displayPath } = this.session;
    try {
      writeFilesTogether(this.changes, localFolder);
    } catch (error) {
      if (error instanceof KnockError || !(error instanceof Error)) throw error;
      const { path } = error as { path?: unknown };
      const file = typeof path === "string" ? `${displayPath(path)} ` : "a file ";
      const fix = getErrorCode(error) === "ENOSPC" ? "Free space on the disk" : "Fix the cause";
      throw new KnockError("project_invalid", `${file}could not be written: ${getErrorMessage(error)}`, {
        cause: error,
        hint: hasPendingFiles(localFolder)
          ? `${fix}. The next command finishes the pull.`
          : `${fix}, and run the command again. Nothing was changed.`,
      });
    }
    for (const path of this.deletedFiles) removeEmptyFolders(dirname(path), knockDir);
  }
}

function removeEmptyFolders(folder: string, root: string): void {
  for (let current = folder; isBelow(root, current); current = dirname(current))
    try {
      rmdirSync(current);
    } catch {
      return; // It contains other files.
    }
}

/** The folder with the account's versions of resources that both sides have changed. No command takes its files for resources. */
const getConflictFolder = (localFolder: string): string => join(localFolder, "conflicts");

/** Deletes the account's version of an earlier conflict. */
export function removeConflict(localFolder: string, resource: ComparedResource): void {
  const folder = getConflictFolder(localFolder);
  if (!existsSync(folder)) return;
  const { type } = resource;
  const own = getResourceFolder(folder, resource);
  if (type === "translation")
    for (const format of ["json", "po"]) rmSync(join(own, `${resource.id}.${format}`), { force: true });
  else if (type === "schema") rmSync(join(folder, `${formatResourceName(resource)}.json`), { force: true });
  else rmSync(own, { recursive: true, force: true });
}

/** Returns whether a base must be recorded for a resource that is equal on both sides. */
function needsBase({ state, here, there, base }: ComparedResource): boolean {
  if (state !== "unchanged" || here === null || there === null) return false;
  return base === null || JSON.stringify(base) !== JSON.stringify({ here, there });
}

/**
 * Writes the account's versions into the project, all or none. Resources that only the project has changed stay as they are, and of
 * those that both sides have changed, the account's version is written beside the project unless `force` is set.
 */
export async function pullResources(
  session: AccountSession,
  selectors: readonly ResourceSelector[],
  { force }: { force: boolean },
): Promise<PullReport> {
  const comparison = await compareWithAccount(session, selectors, { isCommittedRead: false });
  checkNames(comparison);
  const files = new PullFiles(session);
  const pulled = comparison.resources.flatMap((resource) =>
    pullResource(resource, comparison, { session, files, force }),
  );
  for (const resource of comparison.resources) {
    removeConflict(session.localFolder, resource);
    if (needsBase(resource)) {
      const { here, there } = resource;
      if (here !== null && there !== null)
        files.changes.set(session.bases.getPath(resource), session.bases.format({ here, there }));
    }
  }
  files.write();
  return toPullReport(session, comparison, pulled);
}

function pullResource(
  resource: ComparedResource,
  { local, remote }: AccountComparison,
  { session, files, force }: { session: AccountSession; files: PullFiles; force: boolean },
): PulledResource[] {
  const action = decideAction(resource, force);
  if (action === null) return [];
  const name = formatResourceName(resource);
  const here = local.get(name) ?? null;
  const there = remote.get(name) ?? null;
  const conflictFolder = getConflictFolder(session.localFolder);
  let changed: string[] = [];
  let version: string | null = null;
  if (action === "written" && there !== null) changed = files.replace(there, here);
  else if (action === "deleted" && here !== null) changed = files.delete(here);
  else if (action === "conflict" && there !== null) {
    version = getResourceFolder(conflictFolder, there);
    const inProject = getResourceFolder(session.knockDir, there);
    const { changed: paths } = files.addVersion(conflictFolder, there, here);
    const written = paths.map((path) => relative(version as string, path));
    const [first, ...others] = written.filter(
      (file) => here?.files.get(toSlashes(file)) !== files.getText(version as string, file),
    );
    // A folder of the project may contain other files, such as scenarios, which are not a part of the comparison.
    const isOneFile = first !== undefined && others.length === 0 && here?.files.has(toSlashes(first));
    changed = [isOneFile ? join(inProject, first) : inProject];
    if (isOneFile) version = join(version, first);
  }
  const { type, id, state } = resource;
  return [
    {
      resource: name,
      type,
      id,
      state,
      action,
      files: changed.map(session.displayPath),
      account_version: version === null ? null : session.displayPath(version),
    },
  ];
}

/** Throws for two resources that would be the same file on some systems. */
function checkNames({ resources }: AccountComparison): void {
  const collision = findCaseCollision(resources);
  if (collision === null) return;
  throw new KnockError(
    "conflict",
    `${collision[0]} and ${collision[1]} differ only in case, and are one file on some systems`,
    {
      hint: "Rename one of them in the dashboard or in the project. Nothing was changed.",
    },
  );
}

function toPullReport(
  { accountName, scope }: AccountSession,
  { resources, notes }: AccountComparison,
  pulled: PulledResource[],
): PullReport {
  const count = (action: PulledResource["action"]): number =>
    pulled.filter((resource) => resource.action === action).length;
  return {
    account: accountName,
    ...scope,
    resources: pulled,
    notes,
    summary: {
      written: count("written"),
      deleted: count("deleted"),
      kept: count("kept"),
      conflicts: count("conflict"),
      unchanged: resources.length - pulled.length,
    },
  };
}
