import { join, relative } from "node:path";
import { KnockError } from "../../errors/knock-error.js";
import { listFilesBelow } from "../../project/list-folder.js";
import { MAX_FILE_BYTES, readProjectJson } from "../../project/read-project-text.js";
import { listScenarioFiles } from "../../scenarios/list-scenario-files.js";
import { readTextFile } from "../../util/text-file.js";
import { formatSidePath, type ReviewSide } from "./sides.js";

/** Returns the number of the line at which a file has the markers of a merge conflict, or null. */
function findConflictLine(path: string): number | null {
  const read = readTextFile(path, MAX_FILE_BYTES, { onlyRegular: true });
  if ("error" in read) return null;
  const lines = read.text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("<<<<<<< "));
  return start >= 0 && lines.some((line, at) => at > start && line.startsWith(">>>>>>> ")) ? start + 1 : null;
}

/**
 * Throws for a file of the working tree with a merge conflict or invalid JSON. Compared with the base, its workflow would only look
 * removed. A text that also has such markers in the base may show them on purpose.
 */
export async function checkFiles({ before, after }: Readonly<Record<"before" | "after", ReviewSide>>): Promise<void> {
  const { root, knockDir } = after.project;
  const displayPath = (path: string): string => formatSidePath(after, path);
  const scenarioFiles = listScenarioFiles([], { root, cwd: root, displayPath }).map(({ path }) => path);
  for (const path of new Set([...listFilesBelow(knockDir, displayPath), ...scenarioFiles])) {
    const line = findConflictLine(path);
    const isJson = path.endsWith(".json");
    if (line !== null && (isJson || findConflictLine(join(before.project.root, relative(root, path))) === null))
      throw new KnockError("project_invalid", `${displayPath(path)}:${line}:1: the file has a merge conflict`, {
        hint: "Keep one version of the lines, and delete the markers.",
      });
    if (isJson) await readProjectJson(path, displayPath(path));
  }
}
