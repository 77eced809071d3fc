import { relative, sep } from "node:path";

/** Replaces the separators of Windows, which also accepts slashes. On other systems, nothing changes. */
export const toSlashes = (path: string): string => path.replaceAll(sep, "/");

/**
 * Returns the display path: relative to the working directory and with slashes, or absolute if that is shorter. `currentFolder` names the
 * directory itself.
 */
export function formatDisplayPath(cwd: string, path: string, currentFolder = "."): string {
  const relativePath = toSlashes(relative(cwd, path)) || currentFolder;
  return relativePath.startsWith("..") && path.length < relativePath.length ? path : relativePath;
}
