import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Webhook } from "../domain/environment/webhook.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { faultOf } from "../engine/compile/compile-workflow.js";
import type { Definitions } from "../ports/definitions.js";
import { openProject, type Project } from "../project/open-project.js";
import { branchesIn } from "../project/project-folders.js";
import {
  changesBetween,
  type ProjectChange,
  placeOf,
  type Survey,
  type Surveyed,
  surveyProject,
} from "../project/survey-project.js";

/** What was read is believed this long where nothing says that files have changed: not every folder tells. */
const BELIEVED_MS = 1_000;

type Part = Pick<ProjectChange, "kind" | "key" | "branch">;

/** Where a branch has its own, beside the main files'. */
const OWN = {
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
  private readonly good = new Map<string, unknown>();
  private read = new Map<string, { content: Promise<unknown>; at: number }>();
  private before: Survey = new Map();
  private readonly branches = new Map<string, FollowedProject>();
  readonly definitions: Definitions;

  constructor(
    private project: Project,
    private readonly cwd: string,
    /** Of a branch: what it has not itself is the main files'. */
    private readonly main?: FollowedProject,
  ) {
    this.definitions = {
      workflow: (key) => this.kept(`workflow ${key}`, () => this.soundWorkflow(key), OWN.workflow(key)),
      workflowKeys: () => this.project.workflowKeys(),
      environment: main?.definitions.environment ?? (() => this.kept("environment", () => this.project.environment())),
      audiences: main?.definitions.audiences ?? (() => this.kept("audiences", () => this.project.audiences())),
      emailLayout: (key) => this.kept(`layout ${key}`, () => this.project.emailLayout(key), OWN.layout(key)),
      partial: (key) => this.kept(`partial ${key}`, () => this.project.partial(key), OWN.partial(key)),
      request: (key) => this.kept(`request ${key}`, () => this.project.request(key), OWN.request(key)),
      translations: () => this.kept("translations", () => this.project.translations(), OWN.translations),
      branch: (slug) => this.branch(slug)?.definitions ?? null,
      branches: () => branchesIn(this.project),
    };
  }

  get current(): Project {
    return this.project;
  }

  async webhooks(): Promise<readonly Webhook[]> {
    return (await this.definitions.environment()).webhooks;
  }

  /** Files have changed: what is asked for next is read anew. */
  renew(): void {
    this.project = openProject(this.project, this.cwd);
    this.read = new Map();
    for (const branch of this.branches.values()) branch.renew();
  }

  /** Whether something is there to stand in for what is broken. */
  hasGood({ kind, key, branch }: Part): boolean {
    if (branch !== null) return this.branch(branch)?.hasGood({ kind, key, branch: null }) ?? false;
    // Without sound recipients nothing starts, and what was applied is in the store.
    return kind === "recipients" || this.good.has(placeOf({ kind, key, branch }));
  }

  /** Whether it was so when `changes` last looked. */
  isBroken(part: Part): boolean {
    return this.before.get(placeOf(part))?.error != null;
  }

  /** What is different since the last call; the first tells only of what is broken. */
  async changes(): Promise<ProjectChange[]> {
    const project = openProject(this.project, this.cwd);
    const main = await surveyProject(this.remembering(project));
    const isReadable = main.get("environment")?.error == null;
    const after = isReadable ? new Map([...main, ...(await this.surveyBranches(project))]) : main;
    const { before } = this;
    // Without an environment the rest was not looked at, and is as it was.
    this.before = isReadable ? after : new Map([...before, ...after]);
    const changes = changesBetween(before, after);
    for (const one of changes) if (one.change === "removed") this.forget(one);
    return before.size === 0 ? changes.filter(({ change }) => change === "broken") : changes;
  }

  /** What is gone does not come back for one that is broken. */
  private forget({ kind, key, branch }: Part): void {
    if (branch === null) this.good.delete(placeOf({ kind, key, branch }));
    else this.branches.get(branch)?.forget({ kind, key, branch: null });
  }

  /** Itself for the branch that the main files are of. */
  private branch(slug: string): FollowedProject | null {
    const found = this.project.branch(slug);
    if (found === null) this.branches.delete(slug);
    if (found === null || found === this.project) return found && this;
    const followed = this.branches.get(slug) ?? new FollowedProject(found, this.cwd, this);
    this.branches.set(slug, followed);
    return followed;
  }

  private async surveyBranches(main: Project): Promise<Survey> {
    const found: [string, Surveyed][] = [];
    for (const slug of branchesIn(main)) {
      const project = main.branch(slug);
      const followed = this.branch(slug);
      if (project === null || followed === null) continue;
      found.push(...(await surveyProject(followed.remembering(project), slug)));
    }
    return new Map(found);
  }

  /** A project of which all that is read, and sound, is what stands in from now on. */
  private remembering(project: Project): Project {
    const { environment } = project;
    return {
      ...project,
      environment:
        this.main === undefined ? () => this.remembered("environment", () => project.environment()) : environment,
      audiences: () => this.remembered("audiences", project.audiences),
      workflow: (key) => this.remembered(`workflow ${key}`, () => this.soundWorkflow(key, project)),
      emailLayout: (key) => this.remembered(`layout ${key}`, () => project.emailLayout(key)),
      partial: (key) => this.remembered(`partial ${key}`, () => project.partial(key)),
      request: (key) => this.remembered(`request ${key}`, () => project.request(key)),
      translations: () => this.remembered("translations", project.translations),
    };
  }

  /** Throws for templates that do not parse, too: a workflow with one would refuse every trigger. */
  private async soundWorkflow(key: string, project = this.project): Promise<Workflow | null> {
    const workflow = await project.workflow(key);
    const fault = workflow === null ? null : await faultOf(workflow, project);
    if (fault !== null) throw fault;
    return workflow;
  }

  private async remembered<T>(place: string, read: () => Promise<T>): Promise<T> {
    const found = await read();
    if (found === null) this.good.delete(place);
    else this.good.set(place, found);
    return found;
  }

  /** What was last sound; undefined for nothing. `own`: the main files' stand in only where the branch has none of its own. */
  private standIn(place: string, own: string | null): unknown {
    const { main, project } = this;
    if (this.good.has(place) || main === undefined || own === null) return this.good.get(place);
    return existsSync(join(project.branchDir ?? project.knockDir, own)) ? undefined : main.good.get(place);
  }

  /** `own`: where a branch has its own, relative to its folder; null for what is the main files' alone. */
  private kept<T>(place: string, read: () => Promise<T>, own: string | null = null): Promise<T> {
    const known = this.read.get(place);
    if (known !== undefined && performance.now() - known.at < BELIEVED_MS) return known.content as Promise<T>;
    const content = this.remembered(place, read).catch((error: unknown) => {
      const found = this.standIn(place, own);
      if (found === undefined) throw error;
      return found as T;
    });
    const kept = { content, at: performance.now() };
    this.read.set(place, kept);
    const forget = (): void => {
      if (this.read.get(place) === kept) this.read.delete(place);
    };
    // What is not there may be there a moment later, and nobody may say so.
    content.then((found) => found === null && forget(), forget);
    return content;
  }
}
