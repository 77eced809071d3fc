import { fstatSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** Paths with more links than this are compared as they are, because their links may form a circle. */
const MAX_LINKS = 40;

/**
 * Returns whether two paths lead to the same regular file: also through symbolic and hard links, and if neither exists
 * yet. "-" is the file that standard input is read from. Terminals and pipes can be read and written at the same time.
 */
export function isSameFile(first: string, second: string, cwd: string): boolean {
  const [firstStats, secondStats] = [readStats(first, cwd), readStats(second, cwd)];
  if (firstStats !== null && secondStats !== null)
    return firstStats.isFile() && firstStats.dev === secondStats.dev && firstStats.ino === secondStats.ino;
  if (firstStats !== null || secondStats !== null) return false;
  return resolveLinks(resolve(cwd, first)) === resolveLinks(resolve(cwd, second));
}

/** Returns null for a file that does not exist. */
function readStats(path: string, cwd: string): Stats | null {
  try {
    return path === "-" ? fstatSync(0) : statSync(resolve(cwd, path));
  } catch {
    return null;
  }
}

/** Returns the path at which a file that does not exist would be created. */
function resolveLinks(path: string, links = 0): string {
  try {
    const target = readlinkSync(path);
    if (links < MAX_LINKS) return resolveLinks(resolve(dirname(path), target), links + 1);
  } catch {
    // It is not a link.
  }
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path; // Opening the file reports that its folder does not exist.
  }
}
