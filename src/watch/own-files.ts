import { fstatSync, type Stats, statSync } from "node:fs";

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
export function createOwnFileFilter(paths: readonly string[]): (path: string) => boolean {
  const streams = [1, 2].flatMap((descriptor) => readFileStats(() => fstatSync(descriptor)));
  return (path) => {
    if (paths.some((own) => path === own || path.startsWith(`${own}.`))) return true;
    if (streams.length === 0) return false;
    const [stats] = readFileStats(() => statSync(path, { throwIfNoEntry: false }));
    return stats !== undefined && streams.some(({ dev, ino }) => stats.dev === dev && stats.ino === ino);
  };
}
