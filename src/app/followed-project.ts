import { join, relative } from "node:path";
import { parseWebhooks } from "../domain/environment/parse-webhooks.js";
import type { Webhook } from "../domain/environment/webhook.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { faultOf } from "../engine/workflow/compile-workflow.js";
import type { Definitions } from "../ports/definitions.js";
import { openProject, type Project } from "../project/open-project.js";
import { branchesIn } from "../project/project-folders.js";
import {
  changesBetween,
  type ProjectChange,
  type Survey,
  type Surveyed,
  surveyProject,
} from "../project/survey-project.js";

/** What was read is believed this long where nothing says that files have changed: not every folder tells. */
const BELIEVED_MS = 1_000;

/**
 * A project whose files change while it is used. What can be read applies at once; of what cannot, the last version that
 * could stays.
 */
export class FollowedProject {
  private readonly good = new Map<string, unknown>();
  private read = new Map<string, { content: Promise<unknown>; at: number }>();
  private before: Survey = new Map();
  private readonly branches = new Map<string, FollowedProject>();
  readonly definitions: Definitions;
  private readonly environmentFile: string;

  constructor(
    private project: Project,
    private readonly cwd: string,
    /** Of a branch: the main files' environment is its own, too. */
    main?: Definitions,
  ) {
    this.environmentFile = relative(cwd, join(project.knockDir, "environment.json"));
    this.definitions = {
      workflow: (key) => this.kept(`workflow ${key}`, () => this.soundWorkflow(key)),
      workflowKeys: () => this.project.workflowKeys(),
      environment: main?.environment ?? (() => this.kept("environment", () => this.soundEnvironment())),
      audiences: () => this.kept("audiences", () => this.project.audiences()),
      emailLayout: (key) => this.kept(`layout ${key}`, () => this.project.emailLayout(key)),
      partial: (key) => this.kept(`partial ${key}`, () => this.project.partial(key)),
      request: (key) => this.kept(`request ${key}`, () => this.project.request(key)),
      translations: () => this.kept("translations", () => this.project.translations()),
      branch: (slug) => this.branch(slug)?.definitions ?? null,
    };
  }

  get current(): Project {
    return this.project;
  }

  async webhooks(): Promise<Webhook[]> {
    return parseWebhooks((await this.definitions.environment()).webhooks, this.environmentFile);
  }

  /** Files have changed: what is asked for next is read anew. */
  renew(): void {
    this.project = openProject(this.project, this.cwd);
    this.read = new Map();
    for (const branch of this.branches.values()) branch.renew();
  }

  /** Whether something is there to stand in for what is broken. */
  hasGood({ kind, key, branch }: Pick<ProjectChange, "kind" | "key" | "branch">): boolean {
    if (branch !== null) return this.branch(branch)?.hasGood({ kind, key, branch: null }) ?? false;
    return this.good.has(key === null ? kind : `${kind} ${key}`);
  }

  /** What is different since the last call; the first tells only of what is broken. */
  async changes(): Promise<ProjectChange[]> {
    const project = openProject(this.project, this.cwd);
    const main = await surveyProject({
      ...project,
      environment: () => this.soundEnvironment(project),
      workflow: (key) => this.soundWorkflow(key, project),
    });
    const isReadable = main.get("environment")?.error == null;
    const after = isReadable ? new Map([...main, ...(await this.surveyBranches(project))]) : main;
    const { before } = this;
    // Without an environment the rest was not looked at, and is as it was.
    this.before = isReadable ? after : new Map([...before, ...after]);
    const changes = changesBetween(before, after);
    return before.size === 0 ? changes.filter(({ change }) => change === "broken") : changes;
  }

  /** Itself for the branch that the main files are of. */
  private branch(slug: string): FollowedProject | null {
    const found = this.project.branch(slug);
    if (found === null) this.branches.delete(slug);
    if (found === null || found === this.project) return found && this;
    const followed = this.branches.get(slug) ?? new FollowedProject(found, this.cwd, this.definitions);
    this.branches.set(slug, followed);
    return followed;
  }

  private async surveyBranches(main: Project): Promise<Survey> {
    const found: [string, Surveyed][] = [];
    for (const slug of branchesIn(main)) {
      const project = main.branch(slug);
      if (project === null) continue;
      const workflow = (key: string) => this.soundWorkflow(key, project);
      found.push(...(await surveyProject({ ...project, workflow }, slug)));
    }
    return new Map(found);
  }

  private async soundEnvironment(project = this.project) {
    const environment = await project.environment();
    parseWebhooks(environment.webhooks, this.environmentFile);
    return environment;
  }

  /** Throws for templates that do not parse, too: a workflow with one would refuse every trigger. */
  private async soundWorkflow(key: string, project = this.project): Promise<Workflow | null> {
    const workflow = await project.workflow(key);
    const fault = workflow === null ? null : await faultOf(workflow, project);
    if (fault !== null) throw fault;
    return workflow;
  }

  private kept<T>(place: string, read: () => Promise<T>): Promise<T> {
    const known = this.read.get(place);
    if (known !== undefined && performance.now() - known.at < BELIEVED_MS) return known.content as Promise<T>;
    const content = read().then(
      (found) => {
        if (found === null) this.good.delete(place);
        else this.good.set(place, found);
        return found;
      },
      (error: unknown) => {
        if (this.good.has(place)) return this.good.get(place) as T;
        throw error;
      },
    );
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
