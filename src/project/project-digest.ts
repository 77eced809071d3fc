import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { computeDigest } from "../util/ids.js";
import type { ProjectLocation } from "./find-project.js";
import { listFilesBelow } from "./list-folder.js";
import { MAIN_FILES } from "./main-files.js";
import { listEnvironmentFiles } from "./read-environment.js";

/** The folders whose files decide what runs do. Recipients and schedules are data in the store, and scenarios are only tests. */
const FOLDERS = [...Object.keys(MAIN_FILES), "translations", "branches"];

/** Files of editors, mounted volumes and tests. */
const IGNORED = /(?:^|\/)(?:\.|__snapshots__\/)|\.test\.(?:ya?ml|json)$/;

/**
 * Returns a digest of a project's files that is equal for the same files in any folder, whatever their line endings are. It
 * covers the environment's settings, in which secrets are names of variables. Throws if a file cannot be read.
 */
export function computeProjectDigest({
  knockDir,
  environmentName,
}: Pick<ProjectLocation, "knockDir" | "environmentName">): string {
  const displayPath = (path: string): string => path;
  const environment = listEnvironmentFiles({ knockDir, name: environmentName ?? null, displayPath }).map(
    ({ path }) => path,
  );
  const paths = FOLDERS.flatMap((folder) => listFilesBelow(join(knockDir, folder), displayPath));
  const lines = [...paths, ...environment].flatMap((path) => {
    const key = relative(knockDir, path).replaceAll("\\", "/");
    if (IGNORED.test(key)) return [];
    return [`${key} ${computeDigest(readFileSync(path, "latin1").replaceAll("\r\n", "\n"))}`];
  });
  return computeDigest(lines.sort().join("\n"));
}
