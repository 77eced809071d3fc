import { type FSWatcher, readdirSync, watch } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";

/** Editors write a file in several steps; what follows within this long belongs to the same change. */
const SETTLE_MS = 100;

/** The folders below and in a folder that are there now; none where it has gone in the meantime. */
function listFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

/**
 * A watch on every folder of a tree. `fs.watch` with `recursive` does not do: on Linux Node 20 watches each file by its
 * inode, and hears nothing more of one that an editor has replaced.
 */
function watchTree(root: string, isIgnored: (name: string) => boolean, onChange: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  const unwatchBelow = (folder: string): void => {
    for (const [path, watcher] of watchers) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      watchers.delete(path);
    }
  };
  const watchBelow = (folder: string): void => {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, (event, name) => {
        const path = name === null ? folder : join(folder, name);
        if (name !== null && isIgnored(relative(root, path))) return;
        if (event === "rename" && path !== folder) {
          unwatchBelow(path); // a folder of this name may be another one now
          if (listFolders(folder).includes(name as string)) watchBelow(path);
        }
        onChange();
      });
      // A folder that goes takes its watch along.
      watcher.on("error", () => unwatchBelow(folder));
      watchers.set(folder, watcher);
    } catch (error) {
      if (folder === root) throw error;
      return;
    }
    for (const name of listFolders(folder)) {
      const path = join(folder, name);
      if (!isIgnored(relative(root, path))) watchBelow(path);
    }
  };
  watchBelow(root);
  return () => unwatchBelow(root);
}

/**
 * Watches a folder and those in it from now on. Each call resolves once something has changed since the last and been quiet
 * for a moment (true), or when aborted (false), which ends the watch. `isIgnored` is asked with paths relative to the folder;
 * `atOnce` hears of each change without waiting. A folder that goes and comes back, as with a checkout, is watched on. Throws
 * where there is no such folder.
 */
export function watchFolder(
  folder: string,
  isIgnored: (name: string) => boolean,
  signal: AbortSignal,
  onEveryChange: () => void = () => {},
): () => Promise<boolean> {
  let hasChanged = false;
  let resolveWait = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  const onEvent = (): void => {
    onEveryChange();
    clearTimeout(timer);
    timer = setTimeout(() => {
      hasChanged = true;
      resolveWait();
    }, SETTLE_MS);
  };
  const watchWithin = (): (() => void) => watchTree(folder, isIgnored, onEvent);
  let unwatch = watchWithin();
  // A watch holds to the folder it was opened on, not to the name.
  const parentWatcher = watch(dirname(folder), (event, name) => {
    if (event !== "rename" || name !== basename(folder) || signal.aborted) return;
    unwatch();
    try {
      unwatch = watchWithin();
    } catch {
      unwatch = () => {}; // it is not back yet
    }
    onEvent();
  }).on("error", () => {});
  const end = (): void => {
    clearTimeout(timer);
    unwatch();
    parentWatcher.close();
    resolveWait();
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return async () => {
    if (!hasChanged && !signal.aborted)
      await new Promise<void>((resolve) => {
        resolveWait = resolve;
      });
    hasChanged = false;
    return !signal.aborted;
  };
}
