import { relative } from "node:path";

/**
 * Returns the display path: relative to the working directory, or absolute if that is shorter. `currentFolder` names the
 * directory itself.
 */
export function formatDisplayPath(cwd: string, path: string, currentFolder = "."): string {
  const relativePath = relative(cwd, path) || currentFolder;
  return relativePath.startsWith("..") && path.length < relativePath.length ? path : relativePath;
}
