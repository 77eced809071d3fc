import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { listFolders } from "../project/list-folder.js";

/** Editors write a file in several steps; events within this many milliseconds belong to the same change. */
const SETTLE_MS = 100;

/**
 * Watches every folder of a tree and returns a function that ends the watch. `fs.watch` with `recursive` is not usable:
 * on Linux, Node 20 watches each file by its inode and reports nothing more after an editor replaces the file.
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
          unwatchBelow(path); // The name may now belong to a different folder.
          if (listFolders(folder).includes(name as string)) watchBelow(path);
        }
        onChange();
      });
      // Deleting a folder also ends its watcher.
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
 * Starts to watch a folder and its subfolders. Each call of the returned function resolves to true when something has
 * changed since the last call and no further event has followed for a moment, or to false when aborted, which ends the
 * watch. `isIgnored` gets paths relative to the folder; `onEveryChange` is called for each event without a delay. A
 * folder that is deleted and created again, as by a checkout, is still watched. Throws if there is no such folder.
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
  // A watcher follows the folder that it was opened on, not the path.
  const parentWatcher = watch(dirname(folder), (event, name) => {
    if (event !== "rename" || name !== basename(folder) || signal.aborted) return;
    unwatch();
    try {
      unwatch = watchWithin();
    } catch {
      unwatch = () => {}; // The folder has not been created again yet.
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
