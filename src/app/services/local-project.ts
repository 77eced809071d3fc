import { type ProjectNames, type ProjectService, type TargetFlags, toLocalFlags } from "../../commands/services.js";
import { checkTriggerData } from "../../domain/data-schema/check-trigger-data.js";
import { collectUnsetSecretWarnings } from "../../domain/environment/secret-variables.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { checkTrigger } from "../../engine/compile/check-trigger.js";
import type { Output } from "../../output/output.js";
import type { Project } from "../../project/open-project.js";
import type { EnvironmentVariables } from "../credentials.js";
import { resolveLocalBranch } from "../open-local-engine.js";
import { readProjectNames, readStepNames } from "../project-names.js";
import type { ProjectFiles } from "./project-files.js";
import type { SettingsCache } from "./settings-cache.js";

/** Provides the files of a command's project, and the branch that the settings select. */
export class LocalProject implements ProjectService {
  private readonly branches = new Map<Project, string | null>();

  constructor(
    private readonly files: ProjectFiles,
    private readonly settings: SettingsCache,
    private readonly env: EnvironmentVariables,
    private readonly output: Output,
  ) {}

  /** Returns the slug of the local branch, or null for the main files. */
  async resolveBranch(project: Project, flags: TargetFlags): Promise<string | null> {
    const known = this.branches.get(project);
    if (known !== undefined) return known;
    const { branch } = await this.settings.get(flags);
    const branchSlug = resolveLocalBranch(project, branch, (text) => this.output.warn(text));
    this.branches.set(project, branchSlug);
    return branchSlug;
  }

  /** Returns the project's files as the target uses them. Locally, the files of the branch take precedence. */
  async findFiles(flags: TargetFlags): Promise<Project | null> {
    const project = await this.files.find(flags);
    if (project === null || (await this.settings.getTarget(flags)) === "remote") return project;
    return this.selectBranch(project, flags);
  }

  /** Returns the files of the local target: those of the branch, if one is selected. Throws `project_missing`. */
  async requireLocalFiles(flags: TargetFlags): Promise<Project> {
    const localFlags = toLocalFlags(flags);
    return this.selectBranch(await this.files.require(localFlags), localFlags);
  }

  async checkTrigger(trigger: Trigger, flags: TargetFlags): Promise<"checked" | "unchecked"> {
    if ((await this.settings.getTarget(flags)) === "local") {
      await checkTrigger(await this.selectBranch(await this.files.require(flags, true), flags), trigger);
      return "checked";
    }
    const workflow = (await (await this.files.find(flags))?.workflow(trigger.workflow)) ?? null;
    if (workflow === null) return "unchecked";
    checkTriggerData(workflow, trigger.data);
    return "checked";
  }

  async hasWorkflow(key: string, flags: TargetFlags): Promise<boolean> {
    return ((await (await this.findFiles(flags))?.workflowKeys()) ?? []).includes(key);
  }

  async readNames(flags: TargetFlags): Promise<ProjectNames | null> {
    const project = await this.files.find(flags);
    return project === null ? null : readProjectNames(project);
  }

  async readStepNames(workflows: readonly string[] | null, flags: TargetFlags): Promise<readonly string[] | null> {
    const project = await this.findFiles(flags);
    return project === null ? null : readStepNames(project, workflows);
  }

  async readWorkflowWarnings(workflow: string, flags: TargetFlags): Promise<readonly string[]> {
    return (await this.files.find(flags))?.getWorkflowWarnings(workflow) ?? [];
  }

  cacheFiles(): void {
    this.files.cache();
  }

  async readWarnings(flags: TargetFlags): Promise<readonly string[]> {
    const target = await this.settings.getTarget(flags);
    const project = await this.files.find(flags);
    if (target === "remote" || project === null) return [];
    const unset = collectUnsetSecretWarnings(await project.environment(), (name) => this.env[name]);
    return [...(await project.readRunWarnings()), ...unset];
  }

  private async selectBranch(project: Project, flags: TargetFlags): Promise<Project> {
    const branch = await this.resolveBranch(project, flags);
    return (branch === null ? null : project.branch(branch)) ?? project;
  }
}
