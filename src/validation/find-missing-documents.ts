import { existsSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "../checks/list-project-files.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { listFolders } from "../project/list-folder.js";
import { MAIN_FILES } from "../project/main-files.js";
import { isScenarioFile } from "../scenarios/list-scenario-files.js";
import { findNearest } from "../util/find-nearest.js";

/**
 * Returns a finding for each folder of a resource that has files, but not its main file, so that every command ignores it. Tests
 * may have a folder of their own.
 */
export function findMissingDocuments(knockDir: string, displayPath: (...path: string[]) => string): LocatedFinding[] {
  return Object.entries(MAIN_FILES).flatMap(([kind, mainFile]) =>
    listFolders(join(knockDir, kind)).flatMap((key): LocatedFinding[] => {
      const folder = join(knockDir, kind, key);
      const files = listFiles(folder, "").filter((name) => !isScenarioFile(name));
      const [first] = files;
      if (first === undefined || existsSync(join(folder, mainFile))) return [];
      const near = findNearest(mainFile, files);
      return [
        {
          code: "missing_document",
          message: `the folder has no ${mainFile}, so it is ignored`,
          hint: near === undefined ? `Add ${mainFile}, or remove the folder.` : `Rename ${near} to ${mainFile}.`,
          file: displayPath(kind, key, near ?? first),
          line: 1,
          column: 1,
          pointer: "",
        },
      ];
    }),
  );
}
