import { relative } from "node:path";
import { type Completions, type ListValues, toCandidate } from "../../commands/shared/feature.js";
import { listScenarioFiles } from "../../scenarios/list-scenario-files.js";
import { readScenarioNames } from "./read-scenario-names.js";
import { REPORTER_NAMES } from "./reporters/reporters.js";

/** Returns the scenario files of the project, as paths from the working directory, and the workflows. */
const listPaths: ListValues = async (project, _position, _current, { io: { cwd } }) => {
  const displayPath = (path: string): string => relative(cwd, path).replaceAll("\\", "/");
  const files = listScenarioFiles([], { root: project.root, cwd, displayPath }).map((file) => file.displayPath);
  return [...files, ...(await project.workflowKeys())].map(toCandidate);
};

/** Returns the names of the project's scenarios, at least those that complete the current word. Files that cannot be read are skipped. */
const listScenarioNames: ListValues = async (project, _position, current, { io: { cwd } }) => {
  const displayPath = (path: string): string => path;
  const names: string[] = [];
  for (const file of listScenarioFiles([], { root: project.root, cwd, displayPath })) {
    try {
      names.push(...(await readScenarioNames(file, current)));
    } catch {}
  }
  return names.map(toCandidate);
};

export const COMPLETIONS: Completions = {
  options: { "--filter": listScenarioNames, "--reporter": async () => REPORTER_NAMES.map(toCandidate) },
  arguments: { paths: listPaths },
};
