import { type BigIntStats, statSync } from "node:fs";

/** The file is polled, because its folder is not watched and may be deleted with it. */
const POLL_MS = 1_000;

function statStore(location: string): BigIntStats | undefined {
  try {
    return statSync(location, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined; // A parent folder is now a file or is no longer readable.
  }
}

/** Warns once if the store's file is deleted or replaced while it is open. Ends after the warning or when aborted. */
export function watchStoreFile(location: string, warn: (text: string) => void, signal: AbortSignal): void {
  const opened = location === ":memory:" ? undefined : statStore(location);
  if (opened === undefined) return;
  const timer = setInterval(() => {
    const current = statStore(location);
    if (current?.ino === opened.ino && current.dev === opened.dev) return;
    clearInterval(timer);
    warn(
      `the store ${location} ${current === undefined ? "is gone" : "was replaced by another file"}: requests that change data fail with 503 until knock dev is restarted`,
    );
  }, POLL_MS).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
