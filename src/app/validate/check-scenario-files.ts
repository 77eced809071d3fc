import { CHECK_ALL } from "../../domain/schema/valid-documents.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import { listScenarioFiles } from "../../project/list-scenario-files.js";
import type { Project } from "../../project/open-project.js";
import { readProjectText } from "../../project/read-project-text.js";
import { readScenarios, type ScenarioFileContent } from "../../project/read-scenarios.js";
import { checkScenarioNames } from "../../testing/check-expectation-names.js";
import type { DefinitionNames } from "../../testing/definition-names.js";

/**
 * Returns an error with its location for the first name in each scenario that does not exist. A scenario of a branch is not
 * checked, because the names can be in the files of the branch.
 */
async function findNameErrors(
  { file, scenarios, locate }: ScenarioFileContent,
  names: DefinitionNames,
): Promise<KnockError[]> {
  const errors: KnockError[] = [];
  for (const scenario of scenarios) {
    if (scenario.given.branch) continue;
    let path: (string | number)[] = [];
    try {
      await checkScenarioNames(scenario, names, (below) => {
        path = [...scenario.path, ...below];
      });
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      const { line, column } = await locate(path);
      errors.push(error.copyWith({ message: `${file.displayPath}:${line}:${column}: ${error.message}` }));
    }
  }
  return errors;
}

/** Which files of scenarios are checked, and with which names. */
interface ScenarioCheck {
  cwd: string;
  /** The folders with the files. Empty for the whole project. */
  folders: readonly string[];
  /** Returns the names in the project; null if they are not complete. */
  openNames(): Promise<DefinitionNames | null>;
}

/**
 * Checks the files of scenarios and the names that they refer to, if these are complete. Reports errors to `onError`. A file that
 * was valid with the same names is not parsed again, because YAML takes half of all checks.
 */
export async function checkScenarioFiles(
  project: Project,
  { cwd, folders, openNames }: ScenarioCheck,
  onError: (error: unknown, displayPath: string) => void,
): Promise<void> {
  const valid = project.valid ?? CHECK_ALL;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const files = listScenarioFiles(folders, { root: project.root, cwd, displayPath });
  if (files.length === 0) return;
  const names = await openNames();
  const known = names && [
    await names.listWorkflowKeys(),
    await names.listChannelSteps(),
    await names.listRefs(),
    await names.listChannelNames(),
    await names.listRecipientNames(),
  ];
  for (const file of files) {
    try {
      const document = [file.displayPath, readProjectText(file.path, file.displayPath, "scenario_invalid"), known];
      if (valid.has("scenarios", document)) continue;
      const content = await readScenarios(file);
      const errors = names === null ? [] : await findNameErrors(content, names);
      for (const error of errors) onError(error, file.displayPath);
      if (errors.length === 0) valid.add("scenarios", document);
    } catch (error) {
      onError(error, file.displayPath);
    }
  }
}
