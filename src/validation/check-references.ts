import { existsSync } from "node:fs";
import { join } from "node:path";
import { NameChecker } from "../checks/check-names.js";
import { walkChannelSteps, walkSteps } from "../domain/step-types/walk-steps.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import { checkPreferenceKeys, checkRecipientPreferences } from "../domain/validation/check-preference-keys.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import { listFolders } from "../project/list-folder.js";
import { MAIN_FILES } from "../project/main-files.js";
import type { Project } from "../project/open-project.js";
import { listBranches } from "../project/project-folders.js";
import { listEnvironmentFiles } from "../project/read-environment.js";
import { type ProjectFile, readProjectJson } from "../project/read-project-text.js";
import { listRecipientsFiles } from "../project/read-recipients.js";
import { DefinitionNames } from "../scenarios/definition-names.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { once } from "../util/once.js";
import { checkWorkflowCalls, listCalledWorkflows } from "./check-workflow-calls.js";
import {
  listEnvironmentReferences,
  listRecipientReferences,
  listSourceReferences,
  listTargetReferences,
} from "./list-references.js";

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

/** A JSON file of the project that was read. */
interface ProjectDocument {
  file: ProjectFile;
  content: JsonObject;
}

/** Reads JSON files. Files that are not objects are left out, because the code that uses them reports them. */
async function readDocuments(files: readonly ProjectFile[]): Promise<ProjectDocument[]> {
  const documents: ProjectDocument[] = [];
  for (const file of files) {
    const content = await readProjectJson(file.path, file.displayPath).catch(() => null);
    if (isJsonObject(content)) documents.push({ file, content });
  }
  return documents;
}

/** The files of a project whose references are checked after the workflows. */
interface ReferringDocuments {
  environments: readonly ProjectDocument[];
  recipients: readonly ProjectDocument[];
  sources: readonly ProjectDocument[];
  guides: readonly ProjectDocument[];
  broadcasts: readonly ProjectDocument[];
}

/** Reads the files whose references are checked after the workflows. */
export async function readReferringDocuments(project: Project, cwd: string): Promise<ReferringDocuments> {
  const { knockDir, environmentName } = project;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const list = (kind: "sources" | "guides" | "broadcasts"): Promise<ProjectDocument[]> => {
    const paths = listFolders(join(knockDir, kind)).map((key) => join(knockDir, kind, key, MAIN_FILES[kind]));
    const files = paths.filter((path) => existsSync(path));
    return readDocuments(files.map((path) => ({ path, displayPath: displayPath(path) })));
  };
  const environments = listEnvironmentFiles({ knockDir, name: environmentName ?? null, displayPath });
  return {
    environments: await readDocuments(environments),
    recipients: await readDocuments(listRecipientsFiles(knockDir, displayPath)),
    sources: await list("sources"),
    guides: await list("guides"),
    broadcasts: await list("broadcasts"),
  };
}

/** Returns the findings about workflows and categories in the preferences of the environment and the recipients, by file. */
export function findPreferenceFindings(
  definitions: readonly Workflow[],
  { environments, recipients }: ReferringDocuments,
): [file: ProjectFile, found: CheckFinding[]][] {
  const names = {
    workflows: definitions.map(({ key }) => key),
    categories: definitions.flatMap(({ categories }) => categories),
  };
  const checkEnvironment = ({ preferences }: JsonObject): CheckFinding[] =>
    Object.entries(isJsonObject(preferences) ? preferences : {}).flatMap(([id, set]) =>
      checkPreferenceKeys(set, names, ["preferences", id]),
    );
  return [
    ...environments.map(({ file, content }): [ProjectFile, CheckFinding[]] => [file, checkEnvironment(content)]),
    ...recipients.map(({ file, content }): [ProjectFile, CheckFinding[]] => [
      file,
      checkRecipientPreferences(content, names),
    ]),
  ];
}

/** The content of a project that others refer to. */
interface ReferredContent {
  workflows: readonly Workflow[];
  /** The workflows and broadcasts whose steps are all known. */
  complete: readonly Workflow[];
  /** The audiences in the files of recipients; null if these are not all valid. */
  recipientAudiences: readonly string[] | null;
}

/** Returns the names in a project. */
export async function openNameChecker(
  project: Project,
  { workflows, complete, recipientAudiences }: ReferredContent,
  { sources }: ReferringDocuments,
): Promise<NameChecker> {
  const { knockDir } = project;
  const { channels } = await project.environment();
  const declared = Object.entries(channels).flatMap(([key, channel]) => (channel === null ? [key] : [key, channel.id]));
  const used = workflows.flatMap(({ steps }) =>
    [...walkChannelSteps(steps)].flatMap(({ step }) => step.channel_key ?? []),
  );
  const inBranches = listBranches(project).flatMap((slug) =>
    listFolders(join(knockDir, "branches", slug, "workflows")),
  );
  const filled = sources.flatMap(({ content }) => listSourceReferences(content, true).map(({ name }) => name));
  return new NameChecker({
    workflow: [...(await project.workflowKeys()), ...listFolders(join(knockDir, "broadcasts")), ...inBranches],
    guide: listFolders(join(knockDir, "guides")),
    ...(declared.length === 0 ? {} : { channel: [...declared, ...used] }),
    ...(recipientAudiences === null
      ? {}
      : { audience: [...listFolders(join(knockDir, "audiences")), ...recipientAudiences, ...filled] }),
    steps: new Map(complete.map(({ key, steps }) => [key, [...walkSteps(steps)].map(({ step }) => step.ref)])),
  });
}

/** Returns the findings about names in the files that refer to workflows, channels, audiences and guides, by file. */
export const findNameFindings = (
  names: NameChecker,
  { environments, recipients, sources, guides, broadcasts }: ReferringDocuments,
): [file: ProjectFile, found: CheckFinding[]][] =>
  (
    [
      [environments, listEnvironmentReferences],
      [recipients, listRecipientReferences],
      [sources, listSourceReferences],
      [[...guides, ...broadcasts], listTargetReferences],
    ] as const
  ).flatMap(([documents, list]) =>
    documents.map(({ file, content }): [ProjectFile, CheckFinding[]] => [file, names.check(list(content))]),
  );

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
