import { join } from "node:path";
import { parsePathSegments } from "../../domain/steps/walk-steps.js";
import type { CheckFinding } from "../../domain/validation/check-finding.js";
import type { LocatedFinding } from "../../domain/validation/located-finding.js";
import type { ResourceKey } from "../../engine/variables/find-text-keys.js";
import type { Project } from "../../project/open-project.js";
import type { ProjectFile } from "../../project/read-project-text.js";
import { findNearest } from "../../util/find-nearest.js";
import { listFolders } from "./list-project-files.js";

/** Returns a finding about a text: in its own file, or at its value in the main file of its resource. */
async function locateKey(
  { fieldPath, file, line, column }: ResourceKey,
  mainFile: ProjectFile,
  { code, problem }: { code: CheckFinding["code"]; problem: string },
): Promise<LocatedFinding[]> {
  if (file !== undefined) return [{ code, message: problem, file, line, column, pointer: "" }];
  const { locateFindings } = await import("../../project/add-file-locations.js");
  const findings = await locateFindings(mainFile, [{ code, path: parsePathSegments(fieldPath), message: problem }]);
  const message = `${fieldPath}, line ${line}, column ${column}: ${problem}`;
  return findings.map((finding) => ({ ...finding, message }));
}

/** Returns a finding for each partial that the texts of a resource render and that does not exist. */
export async function findUnknownTextKeys(
  project: Project,
  keys: readonly ResourceKey[],
  mainFile: ProjectFile,
): Promise<LocatedFinding[]> {
  const findings: LocatedFinding[] = [];
  for (const found of keys) {
    // An invalid partial has a finding of its own.
    if ((await project.partial(found.key).catch(() => true)) !== null) continue;
    const near = findNearest(found.key, listFolders(join(project.knockDir, "partials")));
    const suggestion = near === undefined ? "" : `; did you mean "${near}"?`;
    const problem = `there is no partial "${found.key}"${suggestion}`;
    findings.push(...(await locateKey(found, mainFile, { code: "template_invalid", problem })));
  }
  return findings;
}
