// Bundles TypeScript modules of src/ and imports the bundle, so that scripts can read the program's own definitions.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * Returns the exports of a module written as source text, such as `export { REASONS } from "./src/domain/run/reasons.ts"`.
 * Paths are relative to the project's root. `options` are options of esbuild.
 */
export async function loadSource(contents, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "knock-source-"));
  const outfile = join(folder, "source.mjs");
  try {
    await build({
      stdin: { contents, resolveDir: ROOT, loader: "ts" },
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      logLevel: "error",
      ...options,
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
