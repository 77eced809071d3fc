import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { installTools } from "../../scripts/tools.mjs";

/** Returns the folder with the official command, which is installed when a test needs it. */
export const installOfficialCommand = async (): Promise<string> =>
  join(await installTools("official-command"), "node_modules");

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
    const script = join(await installOfficialCommand(), "@knocklabs/cli/bin/run.js");
    const allArgs = [script, ...args, "--service-token", token, "--api-origin", url];
    const options = { cwd: cwd ?? home, env, extendEnv: false, reject: false, stdin: "ignore" } as const;
    return await execa(process.execPath, allArgs, options);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
