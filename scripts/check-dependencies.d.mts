interface Lockfile {
  lockfileVersion: number;
  packages: Record<string, Record<string, unknown>>;
}

/** Returns the problems of a lockfile. */
export function checkLockfile(lockfile: Lockfile): string[];

/** Returns the lockfiles of the project and of the folders in tools/. */
export function readLockfiles(): Lockfile[];
