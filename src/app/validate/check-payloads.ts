import { join } from "node:path";
import { checkPayload } from "../../domain/validation/check-sample-data.js";
import type { LocatedFinding } from "../../domain/validation/located-finding.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { readProjectJson } from "../../project/read-project-text.js";
import { listFiles, PAYLOADS_FOLDER } from "./list-project-files.js";

interface PayloadOptions {
  cwd: string;
  /** The workflows whose payloads are checked. */
  workflows: ReadonlyMap<string, Workflow>;
}

/** Returns the findings about the files in `payloads/`. */
export async function checkPayloads({ root }: Project, { cwd, workflows }: PayloadOptions): Promise<LocatedFinding[]> {
  const folder = join(root, PAYLOADS_FOLDER);
  const findings: LocatedFinding[] = [];
  for (const name of listFiles(folder, ".json")) {
    const path = join(folder, name);
    const file = { path, displayPath: formatDisplayPath(cwd, path) };
    const payload = await readProjectJson(file.path, file.displayPath).catch(() => null);
    const found = checkPayload(payload, workflows);
    if (found.length === 0) continue;
    const { locateFindings } = await import("../../project/add-file-locations.js");
    findings.push(...(await locateFindings(file, found)));
  }
  return findings;
}
