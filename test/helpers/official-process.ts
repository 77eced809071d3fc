import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { installOfficialCommand } from "./run-official-command.js";
import { TemporaryProject } from "./temporary-project.js";

interface OfficialResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** One process of the official command, which runs one command after another. */
export class OfficialProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly home: TemporaryProject,
  ) {}

  static async start(): Promise<OfficialProcess> {
    const home = new TemporaryProject();
    const packageRoot = join(await installOfficialCommand(), "@knocklabs/cli");
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: home.root,
      KNOCK_CONFIG_DIR: home.root,
      XDG_CACHE_HOME: home.root,
    };
    const options = { cwd: home.root, env: { ...env, CI: "1" }, execArgv: [] };
    const child = fork(join(import.meta.dirname, "official-process.mjs"), [packageRoot], options);
    await once(child, "message");
    return new OfficialProcess(child, home);
  }

  /** Runs a command in a folder against an API. */
  async run(url: string, cwd: string, args: readonly string[], token = "knock_st_x"): Promise<OfficialResult> {
    this.child.send({ args: [...args, "--service-token", token, "--api-origin", url], cwd });
    const [result] = await once(this.child, "message");
    return result as OfficialResult;
  }

  async stop(): Promise<void> {
    const exit = once(this.child, "exit");
    this.child.kill();
    await exit;
    this.home.remove();
  }
}
