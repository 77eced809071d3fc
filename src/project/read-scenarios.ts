import { parseValidScenarios, type Scenario } from "../domain/scenario/parse-scenarios.js";
import type { FilePosition } from "../domain/scenario/test-report.js";
import { CHECK_ALL } from "../domain/schema/valid-documents.js";
import type { KnockError } from "../errors/knock-error.js";
import type { Json } from "../util/json.js";
import type { FilePath } from "./parse-scenario-file.js";
import { type ProjectFile, readProjectJson, readProjectText } from "./read-project-text.js";

/** The scenarios of a file. */
export interface ScenarioFileContent {
  file: ProjectFile;
  scenarios: Scenario[];
  /** The error about invalid scenarios, with file, line and column for each finding; null if all are valid. */
  error: KnockError | null;
  /** Returns the position of a value, or of the last one on its path that exists. */
  locate(path: FilePath): Promise<FilePosition>;
}

/** A valid file of scenarios as it is remembered: reports need the positions of scenarios, and those of other values only if they fail. */
interface KnownScenarioFile {
  document: Json;
  positions: Record<string, FilePosition>;
}

/**
 * Reads a file of scenarios. Throws `scenario_invalid` with file, line and column for each finding about the file itself. A file that was valid twice is
 * not parsed again, because loading and running the YAML parser takes a twelfth of a run of one scenario. The second time, the
 * parser runs again, because the second start of a build saves its compiled code: without the parser's, a run after an
 * edit takes 11 ms longer.
 */
export async function readScenarios(file: ProjectFile, valid = CHECK_ALL): Promise<ScenarioFileContent> {
  const text = readProjectText(file.path, file.displayPath, "scenario_invalid");
  const parse = async () => (await import("./parse-scenario-file.js")).parseScenarioFile(text, file);
  const known = valid.findContent(file.path, text) as KnownScenarioFile | null;
  if (known !== null)
    return {
      file,
      scenarios: parseValidScenarios(known.document),
      error: null,
      locate: async (path) => {
        const [, key] = path;
        return (path.length === 2 && known.positions[key as string]) || (await parse()).locate(path);
      },
    };
  // The YAML parser reads JSON as well, but also text that is not JSON, and its errors are about YAML.
  if (file.path.endsWith(".json")) await readProjectJson(file.path, file.displayPath, "scenario_invalid");
  const { document, scenarios, error, locate } = await parse();
  if (error !== null) return { file, scenarios, error, locate: async (path) => locate(path) };
  if (valid.has("scenario file", text)) {
    const positions = Object.fromEntries(scenarios.map(({ path }) => [path[1] as string, locate(path)]));
    valid.addContent(file.path, text, { document, positions } satisfies KnownScenarioFile);
  } else valid.add("scenario file", text);
  return { file, scenarios, error, locate: async (path) => locate(path) };
}
