import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./load-source.mjs";

/** Returns the text of a file of the repository, or null if it does not exist. */
export function readOrNull(path) {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch {
    return null;
  }
}

/**
 * Compares generated texts, by path, with the files of the repository. Reports outdated files and those of `present` that
 * nothing generates, and sets the exit code. With `--write`, writes and removes them instead.
 */
export function updateGeneratedFiles({ texts, present, noun, command }) {
  const shouldWrite = process.argv.includes("--write");
  const faults = [];
  for (const [path, text] of texts) {
    if (readOrNull(path) === text) continue;
    if (shouldWrite) {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), text);
    } else faults.push(`${path} is out of date`);
  }
  for (const path of present) {
    if (texts.has(path)) continue;
    if (shouldWrite) rmSync(join(ROOT, path));
    else faults.push(`${path} has no source`);
  }
  for (const fault of faults) console.error(`${fault}: run ${command}`);
  console.log(`${texts.size} ${noun}, ${faults.length} out of date`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
