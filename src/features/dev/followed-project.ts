import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Webhook } from "../../domain/environment/webhook.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { findTemplateError } from "../../engine/compile/compile-workflow.js";
import type { Definitions } from "../../ports/definitions.js";
import type { DocumentLayer } from "../../project/document-layer.js";
import { MAIN_FILES } from "../../project/main-files.js";
import { openProject, type Project } from "../../project/open-project.js";
import { listBranches } from "../../project/project-folders.js";
import { countParts } from "./count-parts.js";
import { readFileWarnings } from "./file-warnings.js";
import {
  compareSnapshots,
  getEntryName,
  type ProjectChange,
  type ProjectSnapshot,
  readProjectSnapshot,
  type SnapshotEntry,
} from "./project-snapshot.js";

/** The time that content stays cached if no change is reported, in folders whose changes are not watched. */
const CACHE_TTL_MS = 1_000;

/**
 * The time after a change of a file during which a missing file may be about to be written again: the official command empties
 * folders before it writes them.
 */
const REWRITE_MS = 1_000;

type ProjectPart = Pick<ProjectChange, "kind" | "key" | "branch">;

/** The path of each kind of definition within a branch's folder, where it takes precedence over that of the main files. */
const BRANCH_PATHS = {
  workflow: (key: string) => join("workflows", key, MAIN_FILES.workflows),
  layout: (key: string) => join("layouts", key, MAIN_FILES.layouts),
  partial: (key: string) => join("partials", key, MAIN_FILES.partials),
  request: (key: string) => join("requests", key, MAIN_FILES.requests),
  translations: "translations",
};

/**
 * A project whose files change while it is used. Valid changes apply immediately. The last valid version of a broken
 * file stays active, whether a request or a check of all files read it.
 */
export class FollowedProject {
  private readonly lastValid = new Map<string, unknown>();
  private cache = new Map<string, { content: Promise<unknown>; at: number }>();
  private lastSnapshot: ProjectSnapshot = new Map();
  /** The project that the last snapshot was read from, which knows the warnings about its workflows. */
  private lastRead: Project | undefined;
  private readonly branches = new Map<string, FollowedProject>();
  private readonly others: FollowedProject[] = [];
  /** The time of the last change of a file that no snapshot has seen. */
  private changedAt = Number.NEGATIVE_INFINITY;
  /** The entries of which the last valid version was used because its files were missing. */
  private kept = new Set<string>();
  /** The entries that snapshots lack since the files were last settled. */
  private readonly removed: ProjectPart[] = [];
  /** The entries of which the next read may lack parts of the last valid version. */
  private accepted = new Set<string>();
  readonly definitions: Definitions;

  constructor(
    private project: Project,
    private readonly cwd: string,
    /** Set for a branch: definitions that the branch does not have are read from here. */
    private readonly main?: FollowedProject,
  ) {
    this.definitions = {
      workflow: (key) =>
        this.readOrLastValid(`workflow ${key}`, () => this.readValidWorkflow(key), BRANCH_PATHS.workflow(key)),
      workflowKeys: () => this.project.workflowKeys(),
      environment:
        main?.definitions.environment ?? (() => this.readOrLastValid("environment", () => this.project.environment())),
      audiences:
        main?.definitions.audiences ?? (() => this.readOrLastValid("audiences", () => this.project.audiences())),
      emailLayout: (key) =>
        this.readOrLastValid(`layout ${key}`, () => this.project.emailLayout(key), BRANCH_PATHS.layout(key)),
      partial: (key) =>
        this.readOrLastValid(`partial ${key}`, () => this.project.partial(key), BRANCH_PATHS.partial(key)),
      request: (key) =>
        this.readOrLastValid(`request ${key}`, () => this.project.request(key), BRANCH_PATHS.request(key)),
      translations: () =>
        this.readOrLastValid("translations", () => this.project.translations(), BRANCH_PATHS.translations),
      branch: (slug) => this.branch(slug)?.definitions ?? null,
      branches: () => listBranches(this.project),
    };
  }

  get current(): Project {
    return this.project;
  }

  /** Reads the warnings about all files, without reading those again that the last snapshot has read. */
  readFileWarnings(readVariable: (name: string) => string | undefined): Promise<string[]> {
    return readFileWarnings(this.lastRead ?? this.project, readVariable);
  }

  async readWebhooks(): Promise<readonly Webhook[]> {
    return (await this.definitions.environment()).webhooks;
  }

  /** Discards the cached content after a file has changed, so that the next request reads the files again. */
  reload(): void {
    this.markChanged();
    this.refresh();
  }

  private markChanged(): void {
    this.changedAt = performance.now();
    this.accepted.clear();
    for (const branch of this.branches.values()) branch.markChanged();
  }

  /** Applies other documents, which may lack some that were there before. */
  acceptDocuments(): void {
    for (const project of [this, ...this.others]) project.accepted = new Set(project.lastValid.keys());
    this.refresh();
  }

  /** Discards the cached content. */
  private refresh(): void {
    this.project = openProject(this.project, this.cwd);
    this.cache = new Map();
    for (const other of [...this.branches.values(), ...this.others]) other.refresh();
  }

  /** Follows the same files with other documents. It is reloaded with this project. */
  followWith(documents: DocumentLayer): FollowedProject {
    const other = new FollowedProject(openProject({ ...this.project, documents }, this.cwd), this.cwd);
    this.others.push(other);
    return other;
  }

  /** Returns whether a last valid version is available for a broken entry. */
  hasLastValid({ kind, key, branch }: ProjectPart): boolean {
    if (branch !== null) return this.branch(branch)?.hasLastValid({ kind, key, branch: null }) ?? false;
    // The command does not start with broken recipients files, and valid recipients are already in the store.
    return kind === "recipients" || kind === "schedules" || this.lastValid.has(getEntryName({ kind, key, branch }));
  }

  /** Returns the error of an entry in the last snapshot; null if it was valid, undefined if it did not exist. */
  findError(part: ProjectPart): string | null | undefined {
    return this.lastSnapshot.get(getEntryName(part))?.error;
  }

  /** Returns the changes since the last call. The first call returns only broken entries. */
  async readChanges(): Promise<ProjectChange[]> {
    const project = openProject(this.project, this.cwd);
    const { changedAt } = this;
    this.lastRead = project;
    const main = await readProjectSnapshot(this.createRecordingProject(project));
    const isReadable = main.get("environment")?.error == null;
    const after = isReadable ? new Map([...main, ...(await this.readBranchSnapshots(project))]) : main;
    const { lastSnapshot: before } = this;
    // If the environment is broken, only the environment was read. The other entries keep their earlier state.
    this.lastSnapshot = isReadable ? after : new Map([...before, ...after]);
    const changes = compareSnapshots(before, after);
    this.removed.push(...changes.filter(({ change }) => change === "removed"));
    if (this.changedAt === changedAt) this.settle();
    return before.size === 0 ? changes.filter(({ change }) => change === "broken") : changes;
  }

  /** Accepts that files are missing, because none has changed for a moment. */
  private settle(): void {
    for (const part of this.removed.splice(0)) this.forget(part);
    for (const project of [this, ...this.branches.values()]) {
      project.changedAt = Number.NEGATIVE_INFINITY;
      project.accepted = project.kept;
      project.kept = new Set();
    }
    this.refresh();
  }

  /** Forgets the last valid version of a removed entry, so that a broken file that is created later does not fall back to it. */
  private forget({ kind, key, branch }: ProjectPart): void {
    if (branch === null) this.lastValid.delete(getEntryName({ kind, key, branch }));
    else this.branches.get(branch)?.forget({ kind, key, branch: null });
  }

  /**
   * Returns the followed project of a branch, null if the branch does not exist, or this project if its own files are
   * those of the branch.
   */
  private branch(slug: string): FollowedProject | null {
    const project = this.project.branch(slug);
    if (project === null) this.branches.delete(slug);
    if (project === null || project === this.project) return project && this;
    const followed = this.branches.get(slug) ?? new FollowedProject(project, this.cwd, this);
    this.branches.set(slug, followed);
    return followed;
  }

  private async readBranchSnapshots(main: Project): Promise<ProjectSnapshot> {
    const entries: [string, SnapshotEntry][] = [];
    for (const slug of listBranches(main)) {
      const project = main.branch(slug);
      const followed = this.branch(slug);
      if (project === null || followed === null) continue;
      entries.push(...(await readProjectSnapshot(followed.createRecordingProject(project), slug)));
    }
    return new Map(entries);
  }

  /** Returns a project that records everything valid that is read through it as the last valid version. */
  private createRecordingProject(project: Project): Project {
    const { environment } = project;
    return {
      ...project,
      environment:
        this.main === undefined ? () => this.readAndRecord("environment", () => project.environment()) : environment,
      audiences: () => this.readAndRecord("audiences", project.audiences),
      workflow: (key) => this.readAndRecord(`workflow ${key}`, () => this.readValidWorkflow(key, project)),
      emailLayout: (key) => this.readAndRecord(`layout ${key}`, () => project.emailLayout(key)),
      partial: (key) => this.readAndRecord(`partial ${key}`, () => project.partial(key)),
      request: (key) => this.readAndRecord(`request ${key}`, () => project.request(key)),
      translations: () => this.readAndRecord("translations", project.translations),
    };
  }

  /**
   * Reads a workflow, and throws if one of its templates does not parse, because every trigger of such a workflow would
   * be rejected.
   */
  private async readValidWorkflow(key: string, project = this.project): Promise<Workflow | null> {
    const workflow = await project.workflow(key);
    const error = workflow === null ? null : await findTemplateError(workflow, project);
    if (error !== null) throw error;
    return workflow;
  }

  /** Reads an entry, and returns the version before if files of it are missing that may be written again. */
  async readSettled<T>(entryName: string, read: () => Promise<T>): Promise<T> {
    const content = await read();
    const before = this.lastValid.get(entryName);
    const isAccepted = this.accepted.delete(entryName);
    const isReduced = before !== undefined && !isAccepted && countParts(content) < countParts(before);
    if (isReduced && this.isRewriting(entryName)) return before as T;
    return this.readAndRecord(entryName, async () => content);
  }

  /** Returns whether missing files of an entry may be written again. A read can notice them before the watch does. */
  private isRewriting(entryName: string): boolean {
    const now = performance.now();
    if (!this.kept.has(entryName)) this.changedAt = now;
    this.kept.add(entryName);
    return now - this.changedAt < REWRITE_MS;
  }

  private async readAndRecord<T>(entryName: string, read: () => Promise<T>): Promise<T> {
    const content = await read();
    this.kept.delete(entryName);
    if (content === null) this.lastValid.delete(entryName);
    else this.lastValid.set(entryName, content);
    return content;
  }

  /**
   * Returns the last valid version, or undefined without one. `branchPath` is the path of the definition within a
   * branch's folder: a branch falls back to the main version only if that path does not exist. Null means that the main
   * version is never used.
   */
  private findLastValid(entryName: string, branchPath: string | null): unknown {
    const { main, project } = this;
    if (this.lastValid.has(entryName) || main === undefined || branchPath === null)
      return this.lastValid.get(entryName);
    return existsSync(join(project.branchDir ?? project.knockDir, branchPath))
      ? undefined
      : main.lastValid.get(entryName);
  }

  /**
   * Reads an entry through the cache, and returns the last valid version if it is broken. Throws the error if no
   * version was valid. `branchPath` is the path of the definition within a branch's folder; null if a branch cannot
   * override it.
   */
  private readOrLastValid<T>(entryName: string, read: () => Promise<T>, branchPath: string | null = null): Promise<T> {
    const known = this.cache.get(entryName);
    if (known !== undefined && performance.now() - known.at < CACHE_TTL_MS) return known.content as Promise<T>;
    const content = this.readSettled(entryName, read).catch((error: unknown) => {
      const lastValid = this.findLastValid(entryName, branchPath);
      if (lastValid === undefined) throw error;
      return lastValid as T;
    });
    const entry = { content, at: performance.now() };
    this.cache.set(entryName, entry);
    const forget = (): void => {
      if (this.cache.get(entryName) === entry) this.cache.delete(entryName);
    };
    // Missing entries and errors are not cached, because the file may be created or fixed without a change being
    // reported.
    content.then((value) => value === null && forget(), forget);
    return content;
  }
}
