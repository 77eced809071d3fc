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

/** Runs a script of Node.js with a new home for the official command, which is the working directory by default. */
async function runWithHome(args: readonly string[], cwd?: string): Promise<OfficialRun> {
  const home = mkdtempSync(join(tmpdir(), "knock-official-"));
  try {
    const env = { PATH: process.env.PATH ?? "", HOME: home, KNOCK_CONFIG_DIR: home, XDG_CACHE_HOME: home, CI: "1" };
    const options = { cwd: cwd ?? home, env, extendEnv: false, reject: false, stdin: "ignore" } as const;
    return await execa(process.execPath, args, options);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const addAccess = (args: readonly string[], url: string, token = "knock_st_x"): string[] => [
  ...args,
  ...["--service-token", token, "--api-origin", url],
];

/** Runs the official command against an API, with a new home. The working directory is that home by default. */
export async function runOfficialCommand(
  url: string,
  args: readonly string[],
  { token, cwd }: { token?: string; cwd?: string } = {},
): Promise<OfficialRun> {
  const script = join(await installOfficialCommand(), "@knocklabs/cli/bin/run.js");
  return runWithHome([script, ...addAccess(args, url, token)], cwd);
}

/** Does the same as the script of the official command, for each command. */
const RUN_ALL = `
  const [dir, core, commands] = process.argv.slice(1);
  const { execute } = require(core);
  const print = process.stdout.write.bind(process.stdout);
  (async () => {
    const results = [];
    for (const { args, cwd } of JSON.parse(commands)) {
      const result = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"])
        process[name].write = (text) => { result[name] += text; return true; };
      process.chdir(cwd);
      process.argv = [process.execPath, dir, ...args];
      const exited = new Promise((resolve) => { process.exit = resolve; });
      result.exitCode = (await Promise.race([exited, execute({ dir }).then(() => 0)])) ?? 0;
      results.push(result);
    }
    print(JSON.stringify(results));
  })();`;

/** Runs several official commands in one process, because each start takes half a second of CPU time. */
export async function runOfficialCommands(
  url: string,
  commands: readonly { args: readonly string[]; cwd: string }[],
): Promise<OfficialRun[]> {
  const modules = await installOfficialCommand();
  const all = commands.map(({ args, cwd }) => ({ args: addAccess(args, url), cwd }));
  const paths = [join(modules, "@knocklabs/cli/bin"), join(modules, "@oclif/core")];
  const { stdout } = await runWithHome(["-e", RUN_ALL, ...paths, JSON.stringify(all)]);
  return JSON.parse(stdout) as OfficialRun[];
}
