import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder that lasts as long as the whole test run. */
    sharedFolder: string;
  }
}

/** Builds the command once, before any test, and provides a folder that is removed after the last one. */
export default function setup(project: TestProject): () => void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
  const sharedFolder = mkdtempSync(join(tmpdir(), "knock-shared-"));
  project.provide("sharedFolder", sharedFolder);
  return () => rmSync(sharedFolder, { recursive: true, force: true });
}
