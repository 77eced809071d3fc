import { existsSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { NameChecker } from "../checks/check-names.js";
import { buildValidationReport, type ValidationReport } from "../checks/project-finding.js";
import { readSilencers } from "../checks/read-silencers.js";
import type { Broadcast } from "../domain/audience/broadcast.js";
import { findUndeclaredChannels } from "../domain/project/find-undeclared-channels.js";
import type { RecipientUpsert } from "../domain/recipient/recipient.js";
import type { Translations } from "../domain/template/translation.js";
import { isEmailFindingCode } from "../domain/validation/finding-codes.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { compileValidTemplates } from "../engine/compile/compile-workflow.js";
import { findGuideErrors } from "../engine/guides/compile-guide.js";
import { findWorkflowTextKeys, listVariables } from "../engine/variables/find-text-keys.js";
import type { KnockError } from "../errors/knock-error.js";
import { checkWorkflowKeys } from "../project/check-workflow-keys.js";
import { PROJECT_FILE } from "../project/find-project.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import { listFilesBelow } from "../project/list-folder.js";
import { openProject, type Project } from "../project/open-project.js";
import { openProjectBroadcasts } from "../project/project-broadcasts.js";
import { openProjectSources } from "../project/project-sources.js";
import { listEnvironmentNames, readEnvironment } from "../project/read-environment.js";
import { readGuides } from "../project/read-guides.js";
import { readPrices } from "../project/read-prices.js";
import { once } from "../util/once.js";
import { checkAwaitedEvents } from "./check-awaited-events.js";
import { checkFormats, hasAllNames } from "./check-environment.js";
import { checkFiles } from "./check-files.js";
import { checkPayloads } from "./check-payloads.js";
import {
  findCallFindings,
  findNameFindings,
  findPreferenceFindings,
  openDefinitionNames,
  openNameChecker,
  readReferringDocuments,
} from "./check-references.js";
import { checkScenarioFiles } from "./check-scenario-files.js";
import { checkSchedules } from "./check-schedules.js";
import { TextKeyChecker } from "./check-text-keys.js";
import { checkNamespaces, checkTranslations, checkTranslationVariables } from "./check-translations.js";
import { findMissingDocuments } from "./find-missing-documents.js";
import { FindingCollector } from "./finding-collector.js";
import { listWorkflowReferences } from "./list-references.js";
import { SharedTemplateChecker } from "./shared-template-checker.js";
import type { ValidationOptions } from "./validation-options.js";
import { WorkflowChecker } from "./workflow-checker.js";

/** Checks the files of one project and collects the findings. */
class ProjectValidator {
  /** The project with the valid parts of its documents. The errors of the others are findings. */
  readonly project: Project;
  /** The workflows that were checked, with their valid parts. */
  private readonly workflows = new Map<string, Workflow>();
  /** The workflows and broadcasts with an error. A name that seems to be unknown can be in their invalid parts. */
  private readonly invalidWorkflows = new Set<string>();
  private readonly broadcasts: Broadcast[] = [];
  private recipients: RecipientUpsert[] = [];
  /** The audiences in the files of recipients; null if these are not all valid. */
  private recipientAudiences: readonly string[] | null = null;
  private readonly textKeys: TextKeyChecker;
  private readonly readDocuments = once(() => readReferringDocuments(this.project, this.collector.cwd));

  constructor(
    /** The project whose reads throw the first error. It reads workflows that are not checked. */
    private readonly strictProject: Project,
    private readonly collector: FindingCollector,
    private readonly emailTools: ValidationOptions["emailTools"],
  ) {
    const onInvalid = (error: KnockError): void => collector.addError(error, collector.displayPath());
    this.project = openProject({ ...strictProject, onInvalid }, collector.cwd);
    this.textKeys = new TextKeyChecker(this.project);
  }

  /** Reads a part of the project. Returns whether all of it is valid, and null if nothing is. */
  private async read<T>(file: string, read: () => Promise<T> | T): Promise<{ content: T | null; isValid: boolean }> {
    const before = this.collector.errorCount;
    const content = await this.collector.tryRead(file, read);
    return { content, isValid: this.collector.errorCount === before };
  }

  /**
   * Returns whether the environment has all its names, without which each workflow has errors. Throws `resource_missing` for an
   * unknown name.
   */
  async checkEnvironment(): Promise<boolean> {
    const { project, collector } = this;
    const { content, isValid } = await this.read(collector.displayPath("environment.json"), project.environment);
    return content !== null && (isValid || hasAllNames(content, project, collector));
  }

  /** Reads the recipients, whose properties templates can use. */
  async checkRecipients(): Promise<void> {
    const { project, collector } = this;
    const read = () => project.readChangedRecipients(new Map());
    const { content, isValid } = await this.read(collector.displayPath("recipients"), read);
    this.recipients = (content ?? []).flatMap(({ recipients }) => recipients);
    if (isValid) this.recipientAudiences = (content ?? []).flatMap(({ audiences }) => audiences.map(({ key }) => key));
  }

  private createChecker(): WorkflowChecker {
    const { project, collector, textKeys, emailTools, recipients } = this;
    return new WorkflowChecker({ project, collector, textKeys, emailTools, recipients });
  }

  async checkWorkflows(keys: readonly string[]): Promise<void> {
    const { project, collector } = this;
    const checker = this.createChecker();
    for (const key of keys) {
      const file = collector.toProjectFile("workflows", key, "workflow.json");
      const { content, isValid } = await this.read(file.displayPath, () => project.workflow(key));
      collector.add(...project.getWorkflowFindings(key));
      if (!isValid) this.invalidWorkflows.add(key);
      if (content === null) continue;
      this.workflows.set(key, content);
      await checker.check(file, content, isValid);
    }
  }

  /** Checks the workflows that the steps of the checked workflows trigger, and the other names in them. */
  async checkReferences(): Promise<void> {
    const { collector } = this;
    const names = await this.openNames();
    const found = await findCallFindings(this.strictProject, this.workflows);
    for (const workflow of this.workflows.values())
      found.push([workflow.key, names.check(listWorkflowReferences(workflow))]);
    found.push(...(await checkAwaitedEvents(this.strictProject, this.workflows, collector.cwd)));
    for (const [key, findings] of found)
      await collector.addChecks(collector.toProjectFile("workflows", key, "workflow.json"), findings);
  }

  private async openNames(): Promise<NameChecker> {
    const workflows = [...this.workflows.values(), ...this.broadcasts.map(({ definition }) => definition)];
    const complete = workflows.filter(({ key }) => !this.invalidWorkflows.has(key));
    const { recipientAudiences } = this;
    return openNameChecker(this.project, { workflows, complete, recipientAudiences }, await this.readDocuments());
  }

  /** Checks the names in files that do not belong to a workflow. */
  private async checkDocumentReferences(): Promise<void> {
    const { project, collector, broadcasts } = this;
    const documents = await this.readDocuments();
    const names = await this.openNames();
    const found = findNameFindings(names, documents);
    for (const { key, definition } of broadcasts) {
      const file = collector.toProjectFile("broadcasts", key, "broadcast.json");
      const undeclared = findUndeclaredChannels(definition, await project.environment());
      found.push([file, names.check(listWorkflowReferences(definition))]);
      found.push([file, undeclared.map((finding) => ({ ...finding, code: "undeclared_channel" }))]);
    }
    // The categories of an invalid workflow are not known.
    if (this.invalidWorkflows.size === 0) {
      const definitions = [...this.workflows.values(), ...broadcasts.map(({ definition }) => definition)];
      found.push(...findPreferenceFindings(definitions, documents));
    }
    for (const [file, findings] of found) await collector.addChecks(file, findings);
  }

  /** Checks the payloads for the checked workflows. */
  async checkPayloads(isWholeProject: boolean): Promise<void> {
    const { project, collector, workflows } = this;
    const options = { cwd: collector.cwd, workflows, keys: await project.workflowKeys(), isWholeProject };
    collector.add(...(await checkPayloads(project, options)));
  }

  /** Checks the files of scenarios in the project, or in the folders of workflows with the given keys. */
  async checkScenarios(keys: readonly string[]): Promise<void> {
    const { project, strictProject, collector, workflows } = this;
    const folders = keys.map((key) => join(project.knockDir, "workflows", key));
    const isComplete = this.invalidWorkflows.size === 0 && this.recipientAudiences !== null;
    const openNames = async () =>
      isComplete ? openDefinitionNames({ ...strictProject, environment: project.environment }, workflows) : null;
    const options = { cwd: collector.cwd, folders, openNames };
    await checkScenarioFiles(project, options, (error, file) => collector.addError(error, file));
  }

  private openTemplateChecker(): SharedTemplateChecker {
    const { project, collector, textKeys, recipients } = this;
    return new SharedTemplateChecker({ project, collector, textKeys, recipients });
  }

  /** Checks the layouts and partials that the checked workflows use. */
  checkUsedTemplates(): Promise<void> {
    return this.openTemplateChecker().checkUsed([...this.workflows.values()]);
  }

  private async checkBroadcasts(): Promise<void> {
    const { project, collector } = this;
    const broadcasts = openProjectBroadcasts(project, collector.cwd, project);
    for (const key of broadcasts.keys()) {
      const file = collector.toProjectFile("broadcasts", key, "broadcast.json");
      const { content, isValid } = await this.read(file.displayPath, () => broadcasts.read(key));
      if (!isValid) this.invalidWorkflows.add(key);
      if (content === null) continue;
      this.broadcasts.push(content);
      const { errors } = await compileValidTemplates(content.definition, project);
      await collector.addTemplateErrors(
        errors.filter(({ code }) => code !== "workflow_invalid"),
        file,
      );
      await collector.addTextFindings(file, await this.textKeys.check(findWorkflowTextKeys(content.definition)));
      await collector.addChecks(file, await this.textKeys.checkBlocks(content.definition));
      if (isValid && errors.length === 0) await this.createChecker().checkEmails(file, content.definition);
    }
  }

  /** Checks the environments that are not chosen, whose files would otherwise be read only when they are used. */
  private async checkOtherEnvironments(): Promise<void> {
    const { collector, project } = this;
    const { knockDir, environmentName, onInvalid } = project;
    const displayPath = (path: string): string => formatDisplayPath(collector.cwd, path);
    for (const name of listEnvironmentNames({ knockDir, displayPath }))
      if (name !== environmentName)
        await collector.tryRead(collector.displayPath("environments", `${name}.json`), () =>
          readEnvironment({ knockDir, name, displayPath, onInvalid }),
        );
  }

  private async checkTranslations(files: Translations["files"]): Promise<void> {
    const { project, collector } = this;
    const { locale } = await project.environment();
    collector.add(...checkTranslations(files, locale), ...checkNamespaces(files, locale, this.textKeys.usedNamespaces));
    for (const { file, findings } of checkTranslationVariables(files, locale, listVariables))
      await collector.addChecks({ path: resolve(collector.cwd, file), displayPath: file }, findings);
  }

  /** Checks the documents that do not belong to a workflow. */
  async checkDocuments(): Promise<void> {
    const { project, collector } = this;
    const displayPath = (...path: string[]): string => collector.displayPath(...path);
    collector.add(...findMissingDocuments(project.knockDir, displayPath));
    await this.checkOtherEnvironments();
    await collector.tryRead(displayPath("audiences"), project.audiences);
    const translations = await collector.tryRead(displayPath("translations"), project.translations);
    const templates = this.openTemplateChecker();
    const shared = await templates.checkResources();
    const sources = openProjectSources(project, collector.cwd);
    for (const key of sources.keys())
      await collector.tryRead(displayPath("sources", key, "source.json"), () => sources.read(key));
    await checkSchedules(project, collector, this.workflows);
    await collector.tryRead(displayPath("prices.json"), () => readPrices(project, collector.cwd));
    await this.checkBroadcasts();
    await templates.checkTexts(shared);
    if (translations !== null) await this.checkTranslations(translations.files);
    const guides = await readGuides(project, await project.environment(), collector.cwd);
    for (const [key, error] of guides.errors) collector.addError(error, displayPath("guides", key, "guide.json"));
    for (const guide of guides.guides)
      await collector.addTemplateErrors(
        findGuideErrors(guide),
        collector.toProjectFile("guides", guide.key, "guide.json"),
      );
    const known = new Set(collector.findings.map(({ file, pointer }) => `${file} ${pointer}`));
    // A misspelled key that is required is already an error of its document.
    const found = (await project.readProjectFindings()).filter(({ file, pointer }) => !known.has(`${file} ${pointer}`));
    collector.add(...found);
    await this.checkDocumentReferences();
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
  const collector = new FindingCollector(project, cwd);
  const validator = new ProjectValidator(project, collector, emailTools);
  const isEnvironmentComplete = await validator.checkEnvironment();
  if (isEnvironmentComplete) {
    await validator.checkRecipients();
    await validator.checkWorkflows(keys.length === 0 ? known : keys);
    if (keys.length === 0) await validator.checkDocuments();
    else await validator.checkUsedTemplates();
    await validator.checkReferences();
    await validator.checkPayloads(keys.length === 0);
    await validator.checkScenarios(keys);
    collector.add(...(await checkFiles(project, keys, cwd)));
  } else await checkFormats(validator.project, keys.length === 0 ? known : keys, collector);
  const { knockDir, root, branchDir } = project;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const countFiles = (folder: string): number => listFilesBelow(folder, displayPath).length;
  const files =
    keys.length === 0
      ? countFiles(knockDir) + Number(existsSync(join(root, PROJECT_FILE)))
      : keys.reduce((count, key) => count + countFiles(join(knockDir, "workflows", key)), 0);
  // A part of the project, or a branch, lacks the files that other silencers are for.
  const isWholeProject = isEnvironmentComplete && keys.length === 0 && branchDir === undefined;
  const branches = formatDisplayPath(cwd, join(knockDir, "branches"));
  return buildValidationReport(collector.findings, {
    files,
    silencers: await readSilencers(project, cwd),
    isExpected: ({ code, file }) =>
      isWholeProject && !file.startsWith(`${branches}${sep}`) && (emailTools !== null || !isEmailFindingCode(code)),
  });
}
