import type { ProjectNames, ProjectService, TargetFlags } from "../../commands/services.js";
import { unsetSecrets } from "../../domain/environment/secret-variables.js";
import { checkTriggerData } from "../../domain/shape/trigger-data-schema.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { checkTrigger } from "../../engine/compile/check-trigger.js";
import type { Output } from "../../output/output.js";
import type { Project } from "../../project/open-project.js";
import type { EnvironmentVariables } from "../credentials.js";
import { localBranch } from "../open-local.js";
import { readProjectNames, readStepNames } from "../project-names.js";
import type { ProjectFiles } from "./project-files.js";
import type { SettingsResolver } from "./settings-resolver.js";

/** The files of a command's project, and the branch that the settings select. */
export class LocalProject implements ProjectService {
  private readonly branches = new Map<Project, string | null>();

  constructor(
    private readonly files: ProjectFiles,
    private readonly settings: SettingsResolver,
    private readonly env: EnvironmentVariables,
    private readonly output: Output,
  ) {}

  /** Returns the slug of the local branch, or null for the main files. */
  async branchOf(project: Project, flags: TargetFlags): Promise<string | null> {
    const known = this.branches.get(project);
    if (known !== undefined) return known;
    const { branch } = await this.settings.of(flags);
    const found = localBranch(project, branch, (text) => this.output.warn(text));
    this.branches.set(project, found);
    return found;
  }

  /** Returns the project's files as the target uses them: locally, those of the branch take precedence. */
  async filesOf(flags: TargetFlags): Promise<Project | null> {
    const project = await this.files.find(flags);
    if (project === null || (await this.settings.target(flags)) === "remote") return project;
    return this.onBranch(project, flags);
  }

  async checkTrigger(trigger: Trigger, flags: TargetFlags): Promise<"checked" | "unchecked"> {
    if ((await this.settings.target(flags)) === "local") {
      await checkTrigger(await this.onBranch(await this.files.require(flags, true), flags), trigger);
      return "checked";
    }
    const workflow = (await (await this.files.find(flags))?.workflow(trigger.workflow)) ?? null;
    if (workflow === null) return "unchecked";
    checkTriggerData(workflow, trigger.data);
    return "checked";
  }

  async hasWorkflow(key: string, flags: TargetFlags): Promise<boolean> {
    return ((await (await this.filesOf(flags))?.workflowKeys()) ?? []).includes(key);
  }

  async names(flags: TargetFlags): Promise<ProjectNames | null> {
    const project = await this.files.find(flags);
    return project === null ? null : readProjectNames(project);
  }

  async stepNames(workflows: readonly string[] | null, flags: TargetFlags): Promise<readonly string[] | null> {
    const project = await this.filesOf(flags);
    return project === null ? null : readStepNames(project, workflows);
  }

  async workflowWarnings(workflow: string, flags: TargetFlags): Promise<readonly string[]> {
    return (await this.files.find(flags))?.workflowWarnings(workflow) ?? [];
  }

  async warnings(flags: TargetFlags): Promise<readonly string[]> {
    const target = await this.settings.target(flags);
    const project = await this.files.find(flags);
    if (target === "remote" || project === null) return [];
    const unset = unsetSecrets(await project.environment(), (name) => this.env[name]);
    return [...(await project.runWarnings()), ...unset];
  }

  private async onBranch(project: Project, flags: TargetFlags): Promise<Project> {
    const branch = await this.branchOf(project, flags);
    return (branch === null ? null : project.branch(branch)) ?? project;
  }
}
