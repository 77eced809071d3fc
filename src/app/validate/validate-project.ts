import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { LocatedFinding } from "../../domain/validation/located-finding.js";
import {
  buildValidationReport,
  toLocatedFindings,
  type ValidationReport,
} from "../../domain/validation/project-finding.js";
import { compileWorkflow } from "../../engine/compile/compile-workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { PROJECT_FILE } from "../../project/find-project.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { openProjectBroadcasts } from "../../project/project-broadcasts.js";
import { openProjectSources } from "../../project/project-sources.js";
import { readGuides } from "../../project/read-guides.js";
import { listScenarioFiles, readScenarios } from "../../project/read-scenarios.js";
import { didYouMean } from "../../util/find-nearest.js";

interface ValidationOptions {
  /** The workflows to check. Empty for the whole project. */
  keys: readonly string[];
  cwd: string;
}

/** Returns the names of the folders in a folder of the project, none if it does not exist. */
function listFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

function countFiles(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
}

/** Checks the files of one project and collects the findings. */
class ProjectValidator {
  readonly findings: LocatedFinding[] = [];

  constructor(
    private readonly project: Project,
    private readonly cwd: string,
  ) {}

  private displayPath(...path: string[]): string {
    return formatDisplayPath(this.cwd, join(this.project.knockDir, ...path));
  }

  /** Adds the findings of an error. `file` is the display path of the file that is read. */
  private addError(error: unknown, file: string): void {
    if (!(error instanceof KnockError)) throw error;
    this.findings.push(...toLocatedFindings(error, file));
  }

  /** Reads a part of the project. Returns null, and adds the findings, if it is invalid. */
  private async tryRead<T>(file: string, read: () => Promise<T> | T): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      this.addError(error, file);
      return null;
    }
  }

  /** Returns whether the environment is valid. If it is not, each workflow would have errors because of it. */
  async checkEnvironment(): Promise<boolean> {
    return (await this.tryRead(this.displayPath("environment.json"), this.project.environment)) !== null;
  }

  async checkWorkflow(key: string): Promise<void> {
    const { project } = this;
    const workflow = await this.tryRead(this.displayPath("workflows", key, "workflow.json"), () =>
      project.workflow(key),
    );
    this.findings.push(...project.getWorkflowFindings(key));
    if (workflow === null) return;
    await this.tryRead(this.displayPath("workflows", key, "workflow.json"), async () => {
      const { sharedError } = await compileWorkflow(workflow, project);
      if (sharedError !== null) throw sharedError;
    });
  }

  /** Checks everything except workflows. */
  async checkDocuments(): Promise<void> {
    const { project, cwd } = this;
    const { knockDir } = project;
    await this.tryRead(this.displayPath("recipients"), () => project.readChangedRecipients(new Map()));
    await this.tryRead(this.displayPath("audiences"), project.audiences);
    await this.tryRead(this.displayPath("translations"), project.translations);
    for (const key of listFolders(join(knockDir, "partials")))
      await this.tryRead(this.displayPath("partials", key, "partial.json"), () => project.partial(key));
    for (const key of listFolders(join(knockDir, "layouts")))
      await this.tryRead(this.displayPath("layouts", key, "layout.json"), () => project.emailLayout(key));
    for (const key of listFolders(join(knockDir, "requests")))
      await this.tryRead(this.displayPath("requests", key, "request.json"), () => project.request(key));
    const sources = openProjectSources(project, cwd);
    for (const key of sources.keys())
      await this.tryRead(this.displayPath("sources", key, "source.json"), () => sources.read(key));
    const broadcasts = openProjectBroadcasts(project, cwd, project);
    for (const key of broadcasts.keys()) {
      const file = this.displayPath("broadcasts", key, "broadcast.json");
      const broadcast = await this.tryRead(file, () => broadcasts.read(key));
      if (broadcast) await this.tryRead(file, () => compileWorkflow(broadcast.definition, project));
    }
    const guides = await readGuides(project, await project.environment(), cwd);
    for (const [key, error] of guides.errors) this.addError(error, this.displayPath("guides", key, "guide.json"));
    this.findings.push(...(await project.readProjectFindings()));
    this.checkScenarios();
  }

  private checkScenarios(): void {
    const { project, cwd } = this;
    const displayPath = (path: string): string => formatDisplayPath(cwd, path);
    for (const file of listScenarioFiles([], { root: project.root, cwd, displayPath })) {
      try {
        readScenarios(file);
      } catch (error) {
        this.addError(error, file.displayPath);
      }
    }
  }
}

/**
 * Checks the files of a project, or only the workflows with the given keys. Throws `workflow_missing` for an unknown key,
 * and `project_invalid` for a folder that cannot be read.
 */
export async function validateProject(project: Project, { keys, cwd }: ValidationOptions): Promise<ValidationReport> {
  const known = await project.workflowKeys();
  for (const key of keys)
    if (!known.includes(key))
      throw new KnockError("workflow_missing", `there is no workflow "${key}"`, {
        hint: didYouMean(key, known, "Workflows"),
      });
  const validator = new ProjectValidator(project, cwd);
  if (await validator.checkEnvironment()) {
    for (const key of keys.length === 0 ? known : keys) await validator.checkWorkflow(key);
    if (keys.length === 0) await validator.checkDocuments();
  }
  const { knockDir, root } = project;
  const files =
    keys.length === 0
      ? countFiles(knockDir) + Number(existsSync(join(root, PROJECT_FILE)))
      : keys.reduce((count, key) => count + countFiles(join(knockDir, "workflows", key)), 0);
  return buildValidationReport(validator.findings, files);
}
