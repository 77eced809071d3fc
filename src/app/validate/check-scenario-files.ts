import { CHECK_ALL } from "../../domain/schema/valid-documents.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { readProjectText } from "../../project/read-project-text.js";
import { listScenarioFiles, readScenarios } from "../../project/read-scenarios.js";

/**
 * Checks the files of scenarios. Reports each invalid one to `onError`. A file that was valid is not parsed again, because YAML
 * takes half of all checks.
 */
export function checkScenarioFiles(
  project: Project,
  cwd: string,
  onError: (error: unknown, displayPath: string) => void,
): void {
  const valid = project.valid ?? CHECK_ALL;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  for (const file of listScenarioFiles([], { root: project.root, cwd, displayPath })) {
    try {
      const document = [file.displayPath, readProjectText(file.path, file.displayPath, "scenario_invalid")];
      if (valid.has("scenarios", document)) continue;
      readScenarios(file);
      valid.add("scenarios", document);
    } catch (error) {
      onError(error, file.displayPath);
    }
  }
}
