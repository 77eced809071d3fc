import { relative } from "node:path";

/** A path as errors show it: from the working directory, or whole where that is shorter. `none` stands for the directory itself. */
export function shownPath(cwd: string, path: string, none = "."): string {
  const near = relative(cwd, path) || none;
  return near.startsWith("..") && path.length < near.length ? path : near;
}
