import { renameSync, rmSync, writeFileSync } from "node:fs";
import { KnockError, messageOf } from "../errors/knock-error.js";

/** Written aside and renamed: who waits for it never reads half of it. */
export function writeReadyFile(path: string, content: { url: string; port: number; pid: number }): void {
  const aside = `${path}.${content.pid}`;
  try {
    writeFileSync(aside, `${JSON.stringify(content)}\n`);
    renameSync(aside, path);
  } catch (error) {
    throw new KnockError("usage", `--ready-file: ${messageOf(error)}`, { cause: error });
  }
}

/** One of an earlier run would say that this one is ready. */
export function removeReadyFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw new KnockError("usage", `--ready-file: ${messageOf(error)}`, { cause: error });
  }
}
