/** Returns the problems of a lockfile. */
export function checkLockfile(lockfile: {
  lockfileVersion: number;
  packages: Record<string, Record<string, unknown>>;
}): string[];
