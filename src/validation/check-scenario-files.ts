import { KnockError } from "../errors/knock-error.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import type { Project } from "../project/open-project.js";
import { checkScenarioNames } from "../scenarios/check-expectation-names.js";
import type { DefinitionNames } from "../scenarios/definition-names.js";
import { listScenarioFiles } from "../scenarios/list-scenario-files.js";
import { readScenarios, type ScenarioFileContent } from "../scenarios/read-scenarios.js";
import { findGivenErrors } from "./check-scenario-given.js";

/**
 * Returns the errors about names in scenarios that do not exist, with their locations. Only `given` is checked
 * in a scenario of a branch, because other names can be in the files of the branch.
 */
async function findNameErrors(
  { file, scenarios, locate }: ScenarioFileContent,
  context: { project: Project; names: DefinitionNames; cwd: string },
): Promise<KnockError[]> {
  const { names } = context;
  const errors: KnockError[] = [];
  for (const scenario of scenarios.filter(({ problems }) => problems.length === 0)) {
    for (const { path, error } of await findGivenErrors(scenario, context)) {
      const own = locate([...scenario.path, ...path.slice(0, 1)]);
      const start = locate(scenario.path);
      // A value for all scenarios is at the top of the file.
      const isShared = path[0] === "given" && own.line === start.line && own.column === start.column;
      const { line, column } = locate(isShared ? path : [...scenario.path, ...path]);
      errors.push(error.copyWith({ message: `${file.displayPath}:${line}:${column}: ${error.message}` }));
    }
    if (scenario.given.branch) continue;
    let path: (string | number)[] = [];
    try {
      await checkScenarioNames(scenario, names, (below) => {
        path = [...scenario.path, ...below];
      });
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      const { line, column } = locate(path);
      errors.push(error.copyWith({ message: `${file.displayPath}:${line}:${column}: ${error.message}` }));
    }
  }
  return errors;
}

/** The files of scenarios to check, and the names that they may use. */
interface ScenarioCheck {
  cwd: string;
  /** The folders with the files. Empty for the whole project. */
  folders: readonly string[];
  /** Returns the names in the project; null if they are not complete. */
  openNames(): Promise<DefinitionNames | null>;
}

/**
 * Checks the files of scenarios and the names that they refer to, if these are complete. Reports errors to `onError`.
 */
export async function checkScenarioFiles(
  project: Project,
  { cwd, folders, openNames }: ScenarioCheck,
  onError: (error: unknown, displayPath: string) => void,
): Promise<void> {
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const files = listScenarioFiles(folders, { root: project.root, cwd, displayPath });
  if (files.length === 0) return;
  const names = await openNames();
  for (const file of files) {
    try {
      const content = await readScenarios(file);
      const errors = content.error === null ? [] : [content.error];
      if (names !== null) errors.push(...(await findNameErrors(content, { project, names, cwd })));
      for (const error of errors) onError(error, file.displayPath);
    } catch (error) {
      onError(error, file.displayPath);
    }
  }
}
