import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Project } from "../../project/open-project.js";

/** Copies the project's files, without its store, to a temporary folder. */
export function copyProject({ root, knockDir }: Project): { root: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "knock-test-"));
  cpSync(knockDir, join(folder, relative(root, knockDir)), { recursive: true });
  return { root: folder, folder };
}
