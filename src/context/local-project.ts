import { checkTriggerData } from "../domain/data-schema/check-trigger-data.js";
import { collectUnsetSecretWarnings } from "../domain/environment/secret-variables.js";
import type { Trigger } from "../domain/trigger/trigger.js";
import { checkTrigger } from "../engine/compile/check-trigger.js";
import { createMissingBranchError } from "../engine/workflow/branch-context.js";
import type { Output } from "../output/output.js";
import type { Project } from "../project/open-project.js";
import type { EnvironmentVariables } from "./credentials.js";
import type { ProjectFiles } from "./project-files.js";
import { type ProjectNames, readProjectNames, readStepNames } from "./project-names.js";
import type { Setting } from "./resolve-settings.js";
import type { SettingsCache } from "./settings-cache.js";
import { type TargetFlags, toLocalFlags } from "./target-flags.js";

/**
 * Returns the branch of a command, or null for the main files. Throws if a flag names a branch that does not exist.
 * Other settings may be meant for the remote target, so a missing branch there only causes a warning.
 */
function resolveLocalBranch(
  project: Project,
  { value, source }: Setting<string | null>,
  warn: (text: string) => void,
): string | null {
  if (value === null || project.branch(value) !== null) return value;
  const error = createMissingBranchError(value);
  if (source === "flag") throw error;
  warn(
    `${error.message} here, so the main files are used (${source === "environment" ? "KNOCK_BRANCH" : `the ${source}'s setting`} names it)`,
  );
  return null;
}

/** Provides the files of a command's project, and the branch that the settings select. */
export class LocalProject {
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

  /**
   * Checks a trigger against the project. Resolves to `unchecked` if there is no project or it does not have the
   * workflow.
   */
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

  /** Returns whether a workflow has this key; false without a project. */
  async hasWorkflow(key: string, flags: TargetFlags): Promise<boolean> {
    return ((await (await this.findFiles(flags))?.workflowKeys()) ?? []).includes(key);
  }

  /** Returns the names of workflows and channels in the project's files; null without a project. */
  async readNames(flags: TargetFlags): Promise<ProjectNames | null> {
    const project = await this.files.find(flags);
    return project === null ? null : readProjectNames(project);
  }

  /**
   * Returns the names of the workflows' steps: refs, channel types and channels. `workflows` null means every workflow
   * of the project. Returns null if one of them is missing or cannot be read.
   */
  async readStepNames(workflows: readonly string[] | null, flags: TargetFlags): Promise<readonly string[] | null> {
    const project = await this.findFiles(flags);
    return project === null ? null : readStepNames(project, workflows);
  }

  /**
   * Returns a line for each likely mistake in the workflow's file. Only files that this command has read are included.
   */
  async readWorkflowWarnings(workflow: string, flags: TargetFlags): Promise<readonly string[]> {
    return (await this.files.find(flags))?.getWorkflowWarnings(workflow) ?? [];
  }

  /** Limits reads to one per file and second from now on. For commands with many triggers. */
  cacheFiles(): void {
    this.files.cache();
  }

  /**
   * Returns a line for each likely mistake in the environment and the recipients files, which only the local target
   * reads.
   */
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
