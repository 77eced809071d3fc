import type { KnockError } from "../errors/knock-error.js";
import { type ProjectFile, readProjectJson, readProjectText } from "../project/read-project-text.js";
import type { FilePath } from "./parse-scenario-file.js";
import type { Scenario } from "./parse-scenarios.js";
import type { FilePosition } from "./test-report.js";

/** The scenarios of a file. */
export interface ScenarioFileContent {
  file: ProjectFile;
  scenarios: Scenario[];
  /** The error about invalid scenarios, with file, line and column for each finding; null if all are valid. */
  error: KnockError | null;
  /** Returns the position of a value, or of the last one on its path that exists. */
  locate(path: FilePath): FilePosition;
}

/** Reads a file of scenarios. Throws `scenario_invalid` with file, line and column for each finding about the file itself. */
export async function readScenarios(file: ProjectFile): Promise<ScenarioFileContent> {
  // The YAML parser reads JSON as well, but also text that is not JSON, and its errors are about YAML.
  if (file.path.endsWith(".json")) await readProjectJson(file.path, file.displayPath, "scenario_invalid");
  const text = readProjectText(file.path, file.displayPath, "scenario_invalid");
  const { parseScenarioFile } = await import("./parse-scenario-file.js");
  return { file, ...parseScenarioFile(text, file) };
}
