import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { getErrorCode } from "../../util/text-file.js";

/** The folders of a project. */
interface ProjectFolders {
  root: string;
  knockDir: string;
}

/** Returns the file and line that define each step of a workflow. Steps that are not found are left out. */
export function locateSteps(
  { root, knockDir }: ProjectFolders,
  workflow: string,
  refs: readonly string[],
): { ref: string; place: string }[] {
  const file = join(knockDir, "workflows", workflow, "workflow.json");
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch (error) {
    if (getErrorCode(error) === undefined) throw error;
    return []; // The workflow was deleted or belongs to the account.
  }
  return refs.flatMap((ref) => {
    const index = lines.findIndex((line) => line.replaceAll(/\s/g, "").includes(`"ref":${JSON.stringify(ref)}`));
    return index === -1 ? [] : [{ ref, place: `${relative(root, file)}:${index + 1}` }];
  });
}
