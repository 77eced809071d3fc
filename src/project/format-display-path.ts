import { relative } from "node:path";

/** A path as errors show it: from the working directory, or whole where that is shorter. `none` stands for the directory itself. */
export function formatDisplayPath(cwd: string, path: string, currentFolder = "."): string {
  const relativePath = relative(cwd, path) || currentFolder;
  return relativePath.startsWith("..") && path.length < relativePath.length ? path : relativePath;
}
