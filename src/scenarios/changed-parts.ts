import { relative } from "node:path";
import { toSlashes } from "../project/format-display-path.js";
import type { ProjectFile } from "../project/read-project-text.js";
import { listScenarioWorkflows } from "./list-scenario-workflows.js";
import type { Scenario } from "./parse-scenarios.js";

/** The parts of a project that differ from a revision. Can be sent to another thread. */
export interface ChangedParts {
  root: string;
  /** Paths relative to `root`, with slashes. */
  files: ReadonlySet<string>;
  workflows: ReadonlySet<string> | "all";
}

/** Returns whether a change can affect a scenario. */
export function isAffected(
  { root, files, workflows }: ChangedParts,
  { path }: ProjectFile,
  scenario: Scenario,
): boolean {
  if (workflows === "all" || files.has(toSlashes(relative(root, path)))) return true;
  const own = listScenarioWorkflows(scenario);
  // An event can start any workflow.
  return own === null ? workflows.size > 0 : own.some((key) => workflows.has(key));
}
