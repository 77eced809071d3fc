import { basename, dirname, join, sep } from "node:path";
import { listFiles, PAYLOADS_FOLDER } from "../checks/list-project-files.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { PROJECT_FILE, type ProjectLocation } from "../project/find-project.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import { listFilesBelow } from "../project/list-folder.js";
import { readProjectText } from "../project/read-project-text.js";
import { isScenarioFile } from "../scenarios/list-scenario-files.js";
import { findRepeatedKeys } from "../util/json-location.js";

/** Matches the names of files beside scenarios that are probably meant as scenarios. */
const LIKE_SCENARIO = /^[^.].*(?:\.ya?ml|[._-]tests?(?:\.json)?)$/i;

/** Returns the files in the folders of workflows, or beside scenarios, that `knock test` ignores because of their names. */
function findIgnoredFiles(paths: readonly string[], knockDir: string): string[] {
  const workflows = join(knockDir, "workflows") + sep;
  const scenarios = paths.filter(isScenarioFile);
  const folders = new Set(scenarios.map((path) => dirname(path)));
  return paths.filter(
    (path) =>
      LIKE_SCENARIO.test(basename(path)) &&
      !scenarios.includes(path) &&
      (path.startsWith(workflows) || folders.has(dirname(path))),
  );
}

async function findRepeatedKeysIn(path: string, file: string): Promise<LocatedFinding[]> {
  let text: string;
  try {
    text = readProjectText(path, file);
  } catch {
    return []; // An unreadable document has a finding of its own.
  }
  return (await findRepeatedKeys(text)).map(({ key, ...position }) => {
    const message = `the key ${JSON.stringify(key)} is repeated, and only its last value is used`;
    return { code: "duplicate_key", message, file, ...position, pointer: "" };
  });
}

/**
 * Returns the findings about files as such: repeated keys in JSON, and names like those of scenarios. `keys` selects workflows;
 * empty for the whole project.
 */
export async function checkFiles(
  { root, knockDir }: ProjectLocation,
  keys: readonly string[],
  cwd: string,
): Promise<LocatedFinding[]> {
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  const payloads = join(root, PAYLOADS_FOLDER);
  const paths =
    keys.length > 0
      ? keys.flatMap((key) => listFilesBelow(join(knockDir, "workflows", key), displayPath))
      : [
          join(root, PROJECT_FILE),
          ...listFilesBelow(knockDir, displayPath),
          ...listFiles(payloads, ".json").map((name) => join(payloads, name)),
        ];
  const findings = findIgnoredFiles(paths, knockDir).map((path): LocatedFinding => {
    const message = "the file is ignored, because the names of scenarios end in .test.yaml, .test.yml or .test.json";
    return { code: "ignored_file", message, file: displayPath(path), line: 1, column: 1, pointer: "" };
  });
  // A scenario with a repeated key is an error.
  for (const path of paths)
    if (path.endsWith(".json") && !isScenarioFile(path))
      findings.push(...(await findRepeatedKeysIn(path, displayPath(path))));
  return findings;
}
