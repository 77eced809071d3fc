import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import type { Broadcast } from "../../domain/audience/broadcast.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import { parsePathSegments } from "../../domain/steps/walk-steps.js";
import { checkConditions } from "../../domain/validation/check-conditions.js";
import type { CheckFinding } from "../../domain/validation/check-finding.js";
import { checkSchemaSamples } from "../../domain/validation/check-sample-data.js";
import { checkStepOrder } from "../../domain/validation/check-step-order.js";
import { checkTranslations } from "../../domain/validation/check-translations.js";
import { isEmailFindingCode } from "../../domain/validation/finding-codes.js";
import type { LocatedFinding } from "../../domain/validation/located-finding.js";
import {
  buildValidationReport,
  toLocatedFindings,
  type ValidationReport,
} from "../../domain/validation/project-finding.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { compileWorkflow, findTemplateErrors } from "../../engine/compile/compile-workflow.js";
import {
  findLayoutErrors,
  findPartialErrors,
  findRequestErrors,
} from "../../engine/compile/find-shared-template-errors.js";
import { findGuideErrors } from "../../engine/guides/compile-guide.js";
import { findUndefinedVariables } from "../../engine/run/find-undefined-variables.js";
import { findSharedTextKeys, findWorkflowTextKeys, type ResourceKey } from "../../engine/variables/find-text-keys.js";
import type { CompiledWorkflow } from "../../engine/workflow/compiled-workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { PROJECT_FILE } from "../../project/find-project.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project, RecipientsSeed } from "../../project/open-project.js";
import { openProjectBroadcasts } from "../../project/project-broadcasts.js";
import { openProjectSources } from "../../project/project-sources.js";
import { readGuides } from "../../project/read-guides.js";
import type { ProjectFile } from "../../project/read-project-text.js";
import { readSilencers } from "../../project/read-silencers.js";
import type { JsonObject } from "../../util/json.js";
import { checkWorkflowKeys } from "../check-workflow-keys.js";
import { checkPayloads } from "./check-payloads.js";
import { checkSilentDrops } from "./check-recipients.js";
import { findCallFindings, findPreferenceFindings, openDefinitionNames } from "./check-references.js";
import { checkScenarioFiles } from "./check-scenario-files.js";
import { TextKeyChecker } from "./check-text-keys.js";
import { checkWindows } from "./check-windows.js";
import { findMissingDocuments } from "./find-missing-documents.js";
import { countFiles, listFolders, PAYLOADS_FOLDER, readPayloadData } from "./list-project-files.js";
import { locateTemplateError, SHARED_FILES, type SharedKind } from "./locate-template-error.js";
import type { ValidationOptions } from "./validation-options.js";

/** Limits the recipients whose properties are searched for the variables of templates. */
const MAX_SCOPE_RECIPIENTS = 20;

/** Checks the files of one project and collects the findings. */
class ProjectValidator {
  readonly findings: LocatedFinding[] = [];
  private readonly workflows = new Map<string, Workflow>();
  private recipients: RecipientUpsert[] = [];
  private readonly textKeys: TextKeyChecker;

  constructor(
    private readonly project: Project,
    private readonly cwd: string,
    private readonly emailTools: ValidationOptions["emailTools"],
  ) {
    this.textKeys = new TextKeyChecker(project);
  }

  private displayPath(...path: string[]): string {
    return formatDisplayPath(this.cwd, join(this.project.knockDir, ...path));
  }

  /** Adds the findings of an error. `file` is the display path of the file that is read. */
  private addError(error: unknown, file: string): void {
    if (!(error instanceof KnockError)) throw error;
    this.findings.push(...toLocatedFindings(error, file));
  }

  /** Adds the errors of templates in `file`, or in the layouts, partials and requests that it names. */
  private async addTemplateErrors(errors: readonly KnockError[], file: ProjectFile): Promise<void> {
    for (const error of errors)
      this.findings.push(...(await locateTemplateError(error, file, (...path) => this.toProjectFile(...path))));
  }

  /** Adds findings about a JSON file with their locations. The code that finds them is loaded only for findings. */
  private async addFindings(file: ProjectFile, found: readonly CheckFinding[]): Promise<void> {
    if (found.length === 0) return;
    const { locateFindings } = await import("../../project/add-file-locations.js");
    this.findings.push(...(await locateFindings(file, found)));
  }

  /** Reads a part of the project. Returns null, and adds the findings, if it is invalid. */
  private async tryRead<T>(file: string, read: () => Promise<T> | T): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof KnockError && error.code === "resource_missing") throw error;
      this.addError(error, file);
      return null;
    }
  }

  /** Returns whether the environment is valid, without which each workflow has errors. Throws `resource_missing` for an unknown name. */
  async checkEnvironment(): Promise<boolean> {
    return (await this.tryRead(this.displayPath("environment.json"), this.project.environment)) !== null;
  }

  /** Reads the recipients, whose properties templates can use. */
  async checkRecipients(): Promise<void> {
    const read = (): Promise<RecipientsSeed[]> => this.project.readChangedRecipients(new Map());
    const seeds = (await this.tryRead(this.displayPath("recipients"), read)) ?? [];
    this.recipients = seeds.flatMap(({ recipients }) => recipients);
  }

  private toProjectFile(...path: string[]): ProjectFile {
    const { branchDir, knockDir } = this.project;
    const own = branchDir === undefined ? null : join(branchDir, ...path);
    const file = own !== null && existsSync(own) ? own : join(knockDir, ...path);
    return { path: file, displayPath: formatDisplayPath(this.cwd, file) };
  }

  async checkWorkflow(key: string): Promise<void> {
    const { project } = this;
    const file = this.toProjectFile("workflows", key, "workflow.json");
    const workflow = await this.tryRead(file.displayPath, () => project.workflow(key));
    this.findings.push(...project.getWorkflowFindings(key));
    if (workflow === null) return;
    this.workflows.set(key, workflow);
    const checks = [...checkStepOrder(workflow), ...checkConditions(workflow), ...checkSchemaSamples(workflow)];
    await this.addFindings(file, checks);
    await this.checkTemplates(file, workflow);
    await this.checkTextKeys(file, findWorkflowTextKeys(workflow));
  }

  /** Checks the keys that the texts of a resource name. */
  private async checkTextKeys(file: ProjectFile, keys: readonly ResourceKey[]): Promise<void> {
    this.findings.push(...(await this.textKeys.check(file, keys)));
  }

  /** Checks the keys in the layouts and partials that the checked workflows use. */
  async checkUsedTemplates(): Promise<void> {
    for (const workflow of this.workflows.values())
      for (const { kind, key, keys } of await this.textKeys.readUsedTemplates(workflow)) {
        const { folder, name } = SHARED_FILES[kind];
        await this.checkTextKeys(this.toProjectFile(folder, key, name), keys);
      }
  }

  /** Checks the templates of a workflow, and with them the runs that it would start. */
  private async checkTemplates(file: ProjectFile, workflow: Workflow): Promise<void> {
    const compiled = await compileWorkflow(workflow, this.project).catch(() => null);
    if (compiled === null || compiled.sharedError !== null) {
      return this.addTemplateErrors(await findTemplateErrors(workflow, this.project), file);
    }
    const environment = await this.project.environment();
    await this.checkVariables(file, compiled);
    await this.addFindings(file, checkWindows(compiled, environment));
    await this.addFindings(file, checkSilentDrops(compiled, environment, this.recipients));
    if (this.emailTools === null) return;
    const { checkEmails } = await import("./check-emails.js");
    const { recipients, emailTools: tools } = this;
    const data = await readPayloadData(join(this.project.root, PAYLOADS_FOLDER), workflow);
    const hasLayout = (key: string): boolean => existsSync(this.toProjectFile("layouts", key, "layout.json").path);
    await this.addFindings(file, await checkEmails({ compiled, environment, recipients, data, hasLayout, tools }));
  }

  private async checkVariables(file: ProjectFile, compiled: CompiledWorkflow): Promise<void> {
    const environment = await this.project.environment();
    const scopes = this.recipients.slice(0, MAX_SCOPE_RECIPIENTS).map(({ properties }) => properties as JsonObject);
    const code = "undefined_variable";
    const inMainFile: CheckFinding[] = [];
    for (const { read, message } of findUndefinedVariables(compiled, environment, scopes)) {
      const { file: textFile, fieldPath, line, column } = read;
      if (textFile !== undefined) this.findings.push({ code, message, file: textFile, line, column, pointer: "" });
      else
        inMainFile.push({
          code,
          path: parsePathSegments(fieldPath),
          message: `contains an undefined variable: ${message}`,
        });
    }
    await this.addFindings(file, inMainFile);
  }

  /** Checks the workflows that the steps of the checked workflows trigger. */
  async checkCalls(): Promise<void> {
    for (const [key, found] of await findCallFindings(this.project, this.workflows))
      await this.addFindings(this.toProjectFile("workflows", key, "workflow.json"), found);
  }

  /** Checks the workflows and categories of preferences. */
  private async checkPreferences(broadcasts: readonly Broadcast[]): Promise<void> {
    // The categories of an invalid workflow are not known.
    if ((await this.project.workflowKeys()).some((key) => !this.workflows.has(key))) return;
    const definitions = [...this.workflows.values(), ...broadcasts.map(({ definition }) => definition)];
    const toFile = (...path: string[]): ProjectFile => this.toProjectFile(...path);
    for (const [file, found] of await findPreferenceFindings(this.project.knockDir, definitions, toFile))
      await this.addFindings(file, found);
  }

  /** Checks the payloads for the checked workflows. */
  async checkPayloads(isWholeProject: boolean): Promise<void> {
    const { project, cwd, workflows } = this;
    const options = { cwd, workflows, keys: await project.workflowKeys(), isWholeProject };
    this.findings.push(...(await checkPayloads(project, options)));
  }

  /** Checks the files of scenarios in the project, or in the folders of workflows with the given keys. */
  async checkScenarios(keys: readonly string[]): Promise<void> {
    const { project, cwd } = this;
    const folders = keys.map((key) => join(project.knockDir, "workflows", key));
    const options = { cwd, folders, openNames: () => openDefinitionNames(project, this.workflows) };
    await checkScenarioFiles(project, options, (error, file) => this.addError(error, file));
  }

  /** Checks the resources of a kind that workflows share, also those that none uses. */
  private async checkShared<T extends object>(
    kind: SharedKind,
    read: (key: string) => Promise<T | null>,
    findErrors: (resource: T) => KnockError[] | Promise<KnockError[]>,
  ): Promise<void> {
    const { folder, name } = SHARED_FILES[kind];
    for (const key of listFolders(join(this.project.knockDir, folder))) {
      const file = this.toProjectFile(folder, key, name);
      const resource = await this.tryRead(file.displayPath, () => read(key));
      if (resource === null) continue;
      await this.addTemplateErrors(await findErrors(resource), file);
      if (kind !== "request") await this.checkTextKeys(file, findSharedTextKeys(resource));
    }
  }

  /** Checks the documents that do not belong to a workflow. */
  async checkDocuments(): Promise<void> {
    const { project, cwd } = this;
    this.findings.push(...findMissingDocuments(project.knockDir, (...path) => this.displayPath(...path)));
    await this.tryRead(this.displayPath("audiences"), project.audiences);
    const translations = await this.tryRead(this.displayPath("translations"), project.translations);
    if (translations !== null) this.findings.push(...checkTranslations(translations.files));
    await this.checkShared("partial", (key) => project.partial(key), findPartialErrors);
    await this.checkShared("layout", (key) => project.emailLayout(key), findLayoutErrors);
    await this.checkShared("request", (key) => project.request(key), findRequestErrors);
    const sources = openProjectSources(project, cwd);
    for (const key of sources.keys())
      await this.tryRead(this.displayPath("sources", key, "source.json"), () => sources.read(key));
    const broadcasts = openProjectBroadcasts(project, cwd, project);
    const validBroadcasts: Broadcast[] = [];
    for (const key of broadcasts.keys()) {
      const file = this.toProjectFile("broadcasts", key, "broadcast.json");
      const broadcast = await this.tryRead(file.displayPath, () => broadcasts.read(key));
      if (!broadcast) continue;
      validBroadcasts.push(broadcast);
      await this.addTemplateErrors(await findTemplateErrors(broadcast.definition, project), file);
      await this.checkTextKeys(file, findWorkflowTextKeys(broadcast.definition));
    }
    const guides = await readGuides(project, await project.environment(), cwd);
    for (const [key, error] of guides.errors) this.addError(error, this.displayPath("guides", key, "guide.json"));
    for (const guide of guides.guides)
      await this.addTemplateErrors(findGuideErrors(guide), this.toProjectFile("guides", guide.key, "guide.json"));
    const known = new Set(this.findings.map(({ file, pointer }) => `${file} ${pointer}`));
    // A misspelled key that is required is already an error of its document.
    const found = (await project.readProjectFindings()).filter(({ file, pointer }) => !known.has(`${file} ${pointer}`));
    this.findings.push(...found);
    await this.checkPreferences(validBroadcasts);
  }
}

/**
 * Checks the files of a project, or only the workflows with the given keys. Throws `workflow_missing` for an unknown key,
 * and `project_invalid` for a folder that cannot be read.
 */
export async function validateProject(
  project: Project,
  { keys, cwd, emailTools }: ValidationOptions,
): Promise<ValidationReport> {
  const known = await project.workflowKeys();
  checkWorkflowKeys(keys, known);
  const validator = new ProjectValidator(project, cwd, emailTools);
  const isEnvironmentValid = await validator.checkEnvironment();
  if (isEnvironmentValid) {
    await validator.checkRecipients();
    for (const key of keys.length === 0 ? known : keys) await validator.checkWorkflow(key);
    if (keys.length === 0) await validator.checkDocuments();
    else await validator.checkUsedTemplates();
    await validator.checkCalls();
    await validator.checkPayloads(keys.length === 0);
    await validator.checkScenarios(keys);
  }
  const { knockDir, root, branchDir } = project;
  const files =
    keys.length === 0
      ? countFiles(knockDir) + Number(existsSync(join(root, PROJECT_FILE)))
      : keys.reduce((count, key) => count + countFiles(join(knockDir, "workflows", key)), 0);
  // A part of the project, or a branch, lacks the files that other silencers are for.
  const isWholeProject = isEnvironmentValid && keys.length === 0 && branchDir === undefined;
  const branches = formatDisplayPath(cwd, join(knockDir, "branches"));
  return buildValidationReport(validator.findings, {
    files,
    silencers: await readSilencers(project, cwd),
    isExpected: ({ code, file }) =>
      isWholeProject && !file.startsWith(`${branches}${sep}`) && (emailTools !== null || !isEmailFindingCode(code)),
  });
}
