import { relative, sep } from "node:path";

/**
 * Returns whether a path is below a folder. Both are absolute and normalized, so their letters decide: `relative` normalizes them
 * again, which took a twentieth of a start for the files of a small project.
 */
export const isBelow = (folder: string, path: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** Replaces the separators of Windows, which also accepts slashes. On other systems, nothing changes. */
export const toSlashes = (path: string): string => path.replaceAll(sep, "/");

/**
 * Returns the display path: relative to the working directory and with slashes, or absolute if that is shorter. `currentFolder` names the
 * directory itself.
 */
export function formatDisplayPath(cwd: string, path: string, currentFolder = "."): string {
  if (isBelow(cwd, path)) return toSlashes(path.slice(cwd.length + 1));
  const relativePath = toSlashes(relative(cwd, path)) || currentFolder;
  return relativePath.startsWith("..") && path.length < relativePath.length ? path : relativePath;
}
