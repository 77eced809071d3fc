import { watch } from "node:fs";

/** Editors write a file in several steps; what follows within this long belongs to the same change. */
const SETTLE_MS = 100;

/**
 * Watches a folder from now on. Each call resolves once something has changed since the last and been quiet for a moment
 * (true), or when aborted (false), which ends the watch. `atOnce` hears of each change without waiting.
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
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name !== null && isIgnored(name)) return;
    atOnce();
    clearTimeout(timer);
    timer = setTimeout(() => {
      changed = true;
      wake();
    }, SETTLE_MS);
  });
  const end = (): void => {
    clearTimeout(timer);
    watcher.close();
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
