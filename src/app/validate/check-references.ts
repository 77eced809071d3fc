import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CheckFinding } from "../../domain/validation/check-finding.js";
import { checkPreferenceKeys, checkRecipientPreferences } from "../../domain/validation/check-preference-keys.js";
import { checkWorkflowCalls, listCalledWorkflows } from "../../domain/validation/check-workflow-calls.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { Project } from "../../project/open-project.js";
import { type ProjectFile, readProjectJson } from "../../project/read-project-text.js";
import { DefinitionNames } from "../../testing/definition-names.js";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { listFiles } from "./list-project-files.js";

type Workflows = ReadonlyMap<string, Workflow>;

/** Reads a workflow. Returns null for one that is invalid, which its own check reports. */
const tryReadWorkflow = (project: Project, key: string): Promise<Workflow | null> =>
  project.workflow(key).catch(() => null);

/**
 * Returns the findings about the workflows that steps of the checked workflows trigger, by the key of the checked workflow. Other
 * workflows are read if they are on the way, because a cycle can lead through them.
 */
export async function findCallFindings(
  project: Project,
  checked: Workflows,
): Promise<[key: string, found: CheckFinding[]][]> {
  const workflows = new Map(checked);
  // A map may grow while it is iterated.
  for (const workflow of workflows.values())
    for (const key of listCalledWorkflows(workflow)) {
      const called = workflows.has(key) ? null : await tryReadWorkflow(project, key);
      if (called !== null) workflows.set(key, called);
    }
  const found = checkWorkflowCalls([...workflows.values()], await project.workflowKeys());
  return [...found].filter(([key]) => checked.has(key));
}

/** Returns the findings about workflows and categories in the preferences of the environment and the recipients, by file. */
export async function findPreferenceFindings(
  knockDir: string,
  definitions: readonly Workflow[],
  toProjectFile: (...path: string[]) => ProjectFile,
): Promise<[file: ProjectFile, found: CheckFinding[]][]> {
  const names = {
    workflows: definitions.map(({ key }) => key),
    categories: definitions.flatMap(({ categories }) => categories),
  };
  const checkEnvironment = (document: unknown): CheckFinding[] =>
    isJsonObject(document) && isJsonObject(document.preferences)
      ? Object.entries(document.preferences).flatMap(([id, set]) =>
          checkPreferenceKeys(set, names, ["preferences", id]),
        )
      : [];
  const checkRecipients = (document: unknown): CheckFinding[] => checkRecipientPreferences(document, names);
  const checks: [file: ProjectFile, check: typeof checkRecipients][] = [
    [toProjectFile("environment.json"), checkEnvironment],
  ];
  for (const name of listFiles(join(knockDir, "recipients"), ".json"))
    checks.push([toProjectFile("recipients", name), checkRecipients]);
  const found: [ProjectFile, CheckFinding[]][] = [];
  for (const [file, check] of checks) {
    if (!existsSync(file.path)) continue;
    // Invalid JSON is reported by the code that uses the file.
    found.push([file, check(await readProjectJson(file.path, file.displayPath).catch(() => null))]);
  }
  return found;
}

/** Returns the names in a project; null if they are not complete, because a workflow is invalid. */
export async function openDefinitionNames(project: Project, checked: Workflows): Promise<DefinitionNames | null> {
  const { workflowKeys, environment } = project;
  const workflows = new Map(checked);
  for (const key of await workflowKeys()) {
    const read = workflows.get(key) ?? (await tryReadWorkflow(project, key));
    if (read === null) return null;
    workflows.set(key, read);
  }
  const workflow = async (key: string): Promise<Workflow | null> => workflows.get(key) ?? null;
  // An invalid recipients file is reported on its own.
  const readSeeds = once(() => project.readChangedRecipients(new Map()).catch(() => null));
  return new DefinitionNames({ workflowKeys, environment, workflow }, readSeeds);
}
