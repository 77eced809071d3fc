import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

/** The possible folders of built files: the folder of the bundle, and dist/ if tests run this source file. */
const FOLDERS = [".", "../../dist"];

/** Reads a built page, which is stored compressed. Returns null if there is no build. */
export function readBuiltFile(name: string): string | null {
  const paths = FOLDERS.map((folder) => join(import.meta.dirname, folder, `${name}.br`));
  const path = paths.find((candidate) => existsSync(candidate));
  return path === undefined ? null : brotliDecompressSync(readFileSync(path)).toString();
}
