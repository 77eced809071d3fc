import { join, resolve } from "node:path";
import type { CommandContext } from "../context/command-context.js";
import { LOCAL_FOLDER } from "../context/store-location.js";
import type { TargetFlags } from "../context/target-flags.js";
import { createOwnFileFilter } from "./own-files.js";
import { watchFolder } from "./watch-folder.js";

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
