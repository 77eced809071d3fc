import { statSync } from "node:fs";
import { resolve } from "node:path";
import { KnockError } from "../errors/knock-error.js";
import { listFilesBelow } from "../project/list-folder.js";
import type { ProjectFile } from "../project/read-project-text.js";

const SCENARIO_FILE = /\.test\.(?:ya?ml|json)$/;
/** Returns whether a path has the name of a file of scenarios. */
export const isScenarioFile = (path: string): boolean => SCENARIO_FILE.test(path);

/**
 * Returns the files of scenarios, in order: those below the given folders, and the given files. Without paths, those of
 * the project. Throws `resource_missing` for a path that does not exist, `usage` for a file with another name, and
 * `project_invalid` for a folder that cannot be read.
 */
export function listScenarioFiles(
  paths: readonly string[],
  { root, cwd, displayPath }: { root: string; cwd: string; displayPath(path: string): string },
): ProjectFile[] {
  const found = (paths.length === 0 ? [root] : paths.map((path) => resolve(cwd, path))).flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined)
      throw new KnockError("resource_missing", `${displayPath(path)} does not exist`, {
        hint: "Name a workflow, a folder, or a file that ends in .test.yaml, .test.yml or .test.json.",
      });
    if (stats.isDirectory()) return listFilesBelow(path, displayPath).filter(isScenarioFile);
    if (isScenarioFile(path)) return [path];
    throw new KnockError("usage", `${displayPath(path)} is not a file of scenarios`, {
      hint: "Their names end in .test.yaml, .test.yml or .test.json.",
    });
  });
  return [...new Set(found)].map((path) => ({ path, displayPath: displayPath(path) }));
}
