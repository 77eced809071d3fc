import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { JournalLock } from "../../commands/shared/bulk-service.js";
import { getProcessIdentity, hasEnded } from "../../util/process-identity.js";

/** Returns the process that holds a lock; "" if it released the lock in the meantime. */
function readHolder(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/**
 * Locks a file for this process, with a file next to it that contains the identity of the process. The lock of a process that was
 * killed is replaced. Returns null if another process holds the lock, and throws the error of a folder that cannot be written.
 */
export function lockFile(path: string): JournalLock | null {
  const identity = getProcessIdentity();
  // Other processes could not tell later that this one has ended.
  if (identity === undefined) return { release() {} };
  const file = `${path}.lock`;
  for (let isRetry = false; ; isRetry = true) {
    try {
      writeFileSync(file, identity, { flag: "wx", mode: 0o600 });
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (isRetry || !hasEnded(readHolder(file))) return null;
      rmSync(file, { force: true });
    }
  }
}
