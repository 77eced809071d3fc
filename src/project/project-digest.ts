import { readFileSync, statSync } from "node:fs";
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

/** Files are looked at again after this time. */
const MAX_AGE_MS = 2_000;

/** Computes the digest of a project's files, by which processes find out whether they run the same project. */
export class ProjectDigest {
  private known = new Map<string, { stamp: string; digest: string }>();
  private current = "unreadable";
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly location: Pick<ProjectLocation, "knockDir" | "environmentName">) {}

  /**
   * Returns a digest that is equal for the same files in any folder, whatever their line endings are. It covers the
   * environment's settings, in which secrets are names of variables. Follows changed files, and keeps the last digest while a
   * folder cannot be read.
   */
  read(): string {
    const now = performance.now();
    if (now - this.readAt < MAX_AGE_MS) return this.current;
    this.readAt = now;
    try {
      this.current = this.compute();
    } catch {
      // The program reports the folder when it reads its files.
    }
    return this.current;
  }

  private compute(): string {
    const { knockDir, environmentName: name = null } = this.location;
    const displayPath = (path: string): string => path;
    const environment = listEnvironmentFiles({ knockDir, name, displayPath }).map(({ path }) => path);
    const paths = FOLDERS.flatMap((folder) => listFilesBelow(join(knockDir, folder), displayPath));
    const before = this.known;
    this.known = new Map();
    const lines = [...paths, ...environment].flatMap((path) => {
      const key = relative(knockDir, path).replaceAll("\\", "/");
      if (IGNORED.test(key)) return [];
      const file = readDigest(path, before.get(path));
      this.known.set(path, file);
      return [`${key} ${file.digest}`];
    });
    return computeDigest(lines.sort().join("\n"));
  }
}

/** Returns the digest of a file's text, and a stamp by which it is not read again until it changes. */
function readDigest(path: string, known: { stamp: string; digest: string } | undefined) {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    if (known?.stamp === stamp) return known;
    return { stamp, digest: computeDigest(readFileSync(path, "latin1").replaceAll("\r\n", "\n")) };
  } catch {
    return { stamp: "", digest: "unreadable" };
  }
}
