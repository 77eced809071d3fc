import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Editors write a file in several steps; what follows within this long belongs to the same change. */
const SETTLE_MS = 100;

/**
 * Watches a folder from now on. Each call resolves once something has changed since the last and been quiet for a moment
 * (true), or when aborted (false), which ends the watch. `atOnce` hears of each change without waiting. A folder that goes
 * and comes back, as with a checkout, is watched on. Throws where there is no such folder.
 */
export function watchFolder(
  folder: string,
  isIgnored: (name: string) => boolean,
  signal: AbortSignal,
  atOnce: () => void = () => {},
): () => Promise<boolean> {
  let changed = false;
  let wake = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  const heard = (): void => {
    atOnce();
    clearTimeout(timer);
    timer = setTimeout(() => {
      changed = true;
      wake();
    }, SETTLE_MS);
  };
  const watchWithin = (): FSWatcher => {
    const within = watch(folder, { recursive: true }, (_event, name) => {
      if (name === null || !isIgnored(name)) heard();
    });
    return within.on("error", () => {}); // it went; the folder above tells when it is back
  };
  let watcher: FSWatcher | null = watchWithin();
  // A watch holds to the folder it was opened on, not to the name.
  const above = watch(dirname(folder), (event, name) => {
    if (event !== "rename" || name !== basename(folder) || signal.aborted) return;
    watcher?.close();
    try {
      watcher = watchWithin();
    } catch {
      watcher = null;
    }
    heard();
  }).on("error", () => {});
  const end = (): void => {
    clearTimeout(timer);
    watcher?.close();
    above.close();
    wake();
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return async () => {
    if (!changed && !signal.aborted)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    changed = false;
    return !signal.aborted;
  };
}
