import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";

const RUN_SCRIPT = join(dirname(createRequire(import.meta.url).resolve("@knocklabs/cli/package.json")), "bin/run.js");

interface OfficialRun {
  exitCode?: number;
  stdout: string;
  stderr: string;
}

/** Runs the official command against an API, with a new home. The working directory is that home by default. */
export async function runOfficialCommand(
  url: string,
  args: readonly string[],
  { token = "knock_st_x", cwd }: { token?: string; cwd?: string } = {},
): Promise<OfficialRun> {
  const home = mkdtempSync(join(tmpdir(), "knock-official-"));
  try {
    const env = { PATH: process.env.PATH ?? "", HOME: home, KNOCK_CONFIG_DIR: home, XDG_CACHE_HOME: home, CI: "1" };
    const allArgs = [RUN_SCRIPT, ...args, "--service-token", token, "--api-origin", url];
    const options = { cwd: cwd ?? home, env, extendEnv: false, reject: false, stdin: "ignore" } as const;
    return await execa(process.execPath, allArgs, options);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
