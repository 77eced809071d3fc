import { existsSync } from "node:fs";
import { join } from "node:path";

/** The possible folders of built files: the folder of the bundle, and dist/ if tests run this source file. */
const FOLDERS = [".", "../../dist"];

/** Returns the path of a built file, or null if there is no build. */
export function findBuiltFile(name: string): string | null {
  const paths = FOLDERS.map((folder) => join(import.meta.dirname, folder, name));
  return paths.find((path) => existsSync(path)) ?? null;
}
