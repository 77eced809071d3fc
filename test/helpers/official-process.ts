import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { installTools } from "../../scripts/tools.mjs";
import { TemporaryProject } from "./temporary-project.js";

/** Returns the folder with the official command, which is installed when a test needs it. */
export const installOfficialCommand = async (): Promise<string> =>
  join(await installTools("official-command"), "node_modules");

interface OfficialResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface OfficialRunOptions {
  token?: string;
  /** The working directory. Default: an empty home. */
  cwd?: string;
}

/** One process of the official command, which runs one command after another. */
export class OfficialProcess {
  private last: Promise<unknown> = Promise.resolve();

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
    const child = fork(join(import.meta.dirname, "official-process.mjs"), [packageRoot], {
      cwd: home.root,
      env: { ...env, CI: "1" },
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let stderr = "";
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    const exit = once(child, "exit").then(([code]) => {
      throw new Error(`the official command ended with ${code}: ${stderr}`);
    });
    exit.catch(() => {}); // the normal end
    await Promise.race([once(child, "message"), exit]);
    return new OfficialProcess(child, home);
  }

  /** Runs a command against an API, after the earlier ones. */
  run(
    url: string,
    args: readonly string[],
    { token = "knock_st_x", cwd = this.home.root }: OfficialRunOptions = {},
  ): Promise<OfficialResult> {
    const result = this.last.then(async () => {
      this.child.send({ args: [...args, "--service-token", token, "--api-origin", url], cwd });
      const [message] = await once(this.child, "message");
      return message as OfficialResult;
    });
    this.last = result;
    return result;
  }

  async stop(): Promise<void> {
    const exit = once(this.child, "exit");
    this.child.kill();
    await exit;
    this.home.remove();
  }
}
