import { readFileSync } from "node:fs";
import { join } from "node:path";

const TICK_US = 10_000;

/** Returns the CPU time of a process in microseconds, and that of the children that it has waited for; 0 if it has ended. */
export function readProcessCpu(pid: string | number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return fields.slice(11, 15).reduce((total, ticks) => total + Number(ticks) * TICK_US, 0);
  } catch {
    return 0;
  }
}

/** Returns the CPU time of all processes of a server so far, in microseconds; 0 if its folder is not known. */
export function readServerCpu(serverFolder: string): number {
  if (serverFolder === "") return 0;
  const [postmaster] = readFileSync(join(serverFolder, "postmaster.pid"), "utf8").split("\n");
  const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, "utf8").trim().split(" ");
  return [postmaster as string, ...children].reduce((total, pid) => total + (pid === "" ? 0 : readProcessCpu(pid)), 0);
}
