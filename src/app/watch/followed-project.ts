import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Webhook } from "../../domain/environment/webhook.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { findTemplateError } from "../../engine/compile/compile-workflow.js";
import type { Definitions } from "../../ports/definitions.js";
import { openProject, type Project } from "../../project/open-project.js";
import { listBranches } from "../../project/project-folders.js";
import {
  compareSnapshots,
  getEntryName,
  type ProjectChange,
  type ProjectSnapshot,
  readProjectSnapshot,
  type SnapshotEntry,
} from "../../project/project-snapshot.js";

/** What was read is believed this long where nothing says that files have changed: not every folder tells. */
const CACHE_TTL_MS = 1_000;

type ProjectPart = Pick<ProjectChange, "kind" | "key" | "branch">;

/** Where a branch has its own, beside the main files'. */
const BRANCH_PATHS = {
  workflow: (key: string) => join("workflows", key, "workflow.json"),
  layout: (key: string) => join("layouts", key, "layout.json"),
  partial: (key: string) => join("partials", key, "partial.json"),
  request: (key: string) => join("requests", key, "request.json"),
  translations: "translations",
};

/**
 * A project whose files change while it is used. What can be read applies at once; of what cannot, the last version that
 * could stays, whoever read it: a request, or a look at all files.
 */
export class FollowedProject {
  private readonly lastValid = new Map<string, unknown>();
  private cache = new Map<string, { content: Promise<unknown>; at: number }>();
  private lastSnapshot: ProjectSnapshot = new Map();
  private readonly branches = new Map<string, FollowedProject>();
  readonly definitions: Definitions;

  constructor(
    private project: Project,
    private readonly cwd: string,
    /** Of a branch: what it has not itself is the main files'. */
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

  async readWebhooks(): Promise<readonly Webhook[]> {
    return (await this.definitions.environment()).webhooks;
  }

  /** Files have changed: what is asked for next is read anew. */
  reload(): void {
    this.project = openProject(this.project, this.cwd);
    this.cache = new Map();
    for (const branch of this.branches.values()) branch.reload();
  }

  /** Whether something is there to stand in for what is broken. */
  hasLastValid({ kind, key, branch }: ProjectPart): boolean {
    if (branch !== null) return this.branch(branch)?.hasLastValid({ kind, key, branch: null }) ?? false;
    // Without sound recipients nothing starts, and what was applied is in the store.
    return kind === "recipients" || this.lastValid.has(getEntryName({ kind, key, branch }));
  }

  /** Whether it was so when `changes` last looked. */
  isBroken(part: ProjectPart): boolean {
    return this.lastSnapshot.get(getEntryName(part))?.error != null;
  }

  /** What is different since the last call; the first tells only of what is broken. */
  async readChanges(): Promise<ProjectChange[]> {
    const project = openProject(this.project, this.cwd);
    const main = await readProjectSnapshot(this.createRecordingProject(project));
    const isReadable = main.get("environment")?.error == null;
    const after = isReadable ? new Map([...main, ...(await this.readBranchSnapshots(project))]) : main;
    const { lastSnapshot: before } = this;
    // Without an environment the rest was not looked at, and is as it was.
    this.lastSnapshot = isReadable ? after : new Map([...before, ...after]);
    const changes = compareSnapshots(before, after);
    for (const change of changes) if (change.change === "removed") this.forget(change);
    return before.size === 0 ? changes.filter(({ change }) => change === "broken") : changes;
  }

  /** What is gone does not come back for one that is broken. */
  private forget({ kind, key, branch }: ProjectPart): void {
    if (branch === null) this.lastValid.delete(getEntryName({ kind, key, branch }));
    else this.branches.get(branch)?.forget({ kind, key, branch: null });
  }

  /** Itself for the branch that the main files are of. */
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

  /** A project of which all that is read, and sound, is what stands in from now on. */
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

  /** Throws for templates that do not parse, too: a workflow with one would refuse every trigger. */
  private async readValidWorkflow(key: string, project = this.project): Promise<Workflow | null> {
    const workflow = await project.workflow(key);
    const fault = workflow === null ? null : await findTemplateError(workflow, project);
    if (fault !== null) throw fault;
    return workflow;
  }

  private async readAndRecord<T>(entryName: string, read: () => Promise<T>): Promise<T> {
    const content = await read();
    if (content === null) this.lastValid.delete(entryName);
    else this.lastValid.set(entryName, content);
    return content;
  }

  /** What was last sound; undefined for nothing. `own`: the main files' stand in only where the branch has none of its own. */
  private findLastValid(entryName: string, branchPath: string | null): unknown {
    const { main, project } = this;
    if (this.lastValid.has(entryName) || main === undefined || branchPath === null)
      return this.lastValid.get(entryName);
    return existsSync(join(project.branchDir ?? project.knockDir, branchPath))
      ? undefined
      : main.lastValid.get(entryName);
  }

  /** `own`: where a branch has its own, relative to its folder; null for what is the main files' alone. */
  private readOrLastValid<T>(entryName: string, read: () => Promise<T>, branchPath: string | null = null): Promise<T> {
    const known = this.cache.get(entryName);
    if (known !== undefined && performance.now() - known.at < CACHE_TTL_MS) return known.content as Promise<T>;
    const content = this.readAndRecord(entryName, read).catch((error: unknown) => {
      const lastValid = this.findLastValid(entryName, branchPath);
      if (lastValid === undefined) throw error;
      return lastValid as T;
    });
    const entry = { content, at: performance.now() };
    this.cache.set(entryName, entry);
    const forget = (): void => {
      if (this.cache.get(entryName) === entry) this.cache.delete(entryName);
    };
    // What is not there may be there a moment later, and nobody may say so.
    content.then((value) => value === null && forget(), forget);
    return content;
  }
}
