import { fstatSync, type Stats, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CommandContext } from "../context/command-context.js";
import { LOCAL_FOLDER } from "../context/store-location.js";
import type { TargetFlags } from "../context/target-flags.js";
import { watchFolder } from "./watch-folder.js";

function readFileStats(read: () => Stats | undefined): Stats[] {
  try {
    const stats = read();
    return stats?.isFile() ? [stats] : [];
  } catch {
    return []; // The descriptor is closed, or the path is below a file.
  }
}

/**
 * Returns a function that returns whether a path is a file that this process writes: one of the given ones, a temporary file
 * beside it, or that of standard output or standard error. If such a file is watched, each run causes the next one.
 */
function createOwnFileFilter(paths: readonly string[]): (path: string) => boolean {
  const streams = [1, 2].flatMap((descriptor) => readFileStats(() => fstatSync(descriptor)));
  return (path) => {
    if (paths.some((own) => path === own || path.startsWith(`${own}.`))) return true;
    if (streams.length === 0) return false;
    const [stats] = readFileStats(() => statSync(path, { throwIfNoEntry: false }));
    return stats !== undefined && streams.some(({ dev, ino }) => stats.dev === dev && stats.ino === ino);
  };
}

/** Folders that are not part of the project, so their changes are ignored: the store, and the data of other tools. */
const UNWATCHED = new Set([LOCAL_FOLDER, "node_modules", ".git"]);

/**
 * Starts to watch the project's files, except `ownFiles`, which the command writes, and the files of its standard output
 * and error. Each call of the returned function waits for the next change and then forgets everything that was opened. It
 * resolves to false when the command must end.
 */
export async function watchProject(
  { files, settings, target, io }: CommandContext,
  flags: TargetFlags,
  ownFiles: readonly string[] = [],
): Promise<() => Promise<boolean>> {
  const { root } = await files.require(flags);
  const isOwnFile = createOwnFileFilter(ownFiles.map((path) => resolve(io.cwd, path)));
  const isUnwatched = (name: string): boolean =>
    name.split(/[\\/]/).some((part) => UNWATCHED.has(part)) || isOwnFile(join(root, name));
  const waitForChange = watchFolder(root, isUnwatched, io.signal);
  return async () => {
    const isContinued = await waitForChange();
    await target.close();
    files.forget();
    settings.forget();
    return isContinued;
  };
}
