import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { inject } from "vitest";
import { eventually } from "./eventually.js";

const ROOT = resolve(import.meta.dirname, "../..");

export interface PackedPackage {
  /** The path of the packed file. */
  path: string;
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string; mode: number }[];
}

/**
 * Returns the packed package. It is packed once for all worker processes, because that takes 3 s of CPU time. The test
 * run has built the command already, and another build would replace files that concurrent tests use.
 */
export async function packPackage(): Promise<PackedPackage> {
  const folder = join(inject("sharedFolder"), "package");
  const report = join(folder, "packed.json");
  const isFirst = mkdirSync(folder, { recursive: true }) !== undefined;
  if (isFirst) {
    const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
    const env = { npm_config_cache: join(folder, "npm-cache"), npm_config_update_notifier: "false" };
    const { stdout } = await execa("npm", args, { cwd: ROOT, env, stdin: "ignore" });
    writeFileSync(`${report}.new`, stdout);
    renameSync(`${report}.new`, report);
  }
  await eventually(() => existsSync(report));
  const [packed] = Object.values<PackedPackage>(JSON.parse(readFileSync(report, "utf8")));
  if (packed === undefined) throw new Error("npm pack printed no package");
  return { ...packed, path: join(folder, packed.filename) };
}
