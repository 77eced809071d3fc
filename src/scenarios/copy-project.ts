import { cpSync } from "node:fs";
import { join, relative } from "node:path";
import { createTemporaryFolder } from "../context/temporary-folder.js";
import type { Project } from "../project/open-project.js";

/** Copies the project's files, without its store, to a temporary folder. */
export async function copyProject({ root, knockDir }: Project): Promise<{ root: string; folder: string }> {
  const folder = await createTemporaryFolder("knock-test-", (created) =>
    cpSync(knockDir, join(created, relative(root, knockDir)), { recursive: true }),
  );
  return { root: folder, folder };
}
