import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessIO } from "./process-io.js";
import { removeKeys } from "./remove-keys.js";
import { createTemporaryFolder } from "./temporary-folder.js";

/** The path of a written HTML file, and whether a browser was started with it. */
export interface OpenedFile {
  path: string;
  opened: boolean;
}

/** Returns the program that opens a file on this platform, or null without one, for example if there is no display. */
function findOpener(path: string, env: Record<string, string | undefined>): [program: string, args: string[]] | null {
  if (env.BROWSER) return [env.BROWSER, [path]];
  if (process.platform === "darwin") return ["open", [path]];
  if (process.platform === "win32") return ["rundll32", ["url.dll,FileProtocolHandler", path]];
  return env.DISPLAY || env.WAYLAND_DISPLAY || env.WSL_DISTRO_NAME ? ["xdg-open", [path]] : null;
}

type SpawnContext = Pick<ProcessIO, "cwd" | "env">;

/** Starts a program in the background. Resolves to whether it could be started; its exit code is ignored. */
function startDetached(program: string, args: string[], { cwd, env }: SpawnContext): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: removeKeys(env), detached: true, stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}

/** Writes HTML to a temporary file that only this user can read, and opens it in the browser. */
export async function openInBrowser(name: string, html: string, context: SpawnContext): Promise<OpenedFile> {
  const { env } = context;
  const file = `${name.replaceAll(/[^\w-]/g, "_")}.html`;
  const write = (folder: string): void => writeFileSync(join(folder, file), html, { mode: 0o600 });
  const path = join(await createTemporaryFolder("knock-", write, env.TMPDIR || tmpdir()), file);
  const opener = findOpener(path, env);
  return { path, opened: opener !== null && (await startDetached(...opener, context)) };
}
