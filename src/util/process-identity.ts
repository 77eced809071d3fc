import { readFileSync, readlinkSync } from "node:fs";
import { getBuiltinModule, kill, pid, platform } from "node:process";
import { once } from "./once.js";
import { getErrorCode } from "./text-file.js";

/** Returns the place in which the ID of a process is unique: the machine since its start, and the namespace of process IDs. */
const readPlace = once((): string => {
  if (platform !== "linux") return getBuiltinModule("node:os").hostname();
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
  return `${boot}-${/\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0]}`;
});

/** Returns when a process was started, in ticks since the start of the machine; "" where this is not known. */
function readStartTime(processId: number): string {
  if (platform !== "linux") return "";
  const stat = readFileSync(`/proc/${processId}/stat`, "utf8");
  // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

/** Returns a text that no other process has, also after this one has ended. It contains no colon. */
export const getProcessIdentity = once((): string | undefined => {
  try {
    return `${pid}.${readStartTime(pid)}@${readPlace().replaceAll(":", "")}`;
  } catch {
    return undefined; // for example without /proc
  }
});

/** Returns whether a process has certainly ended. That is not known of processes of other machines and containers. */
export function hasEnded(identity: string): boolean {
  const [, id, start, place] = /^(\d+)\.(\d*)@(.*)$/.exec(identity) ?? [];
  if (id === undefined || getProcessIdentity()?.split("@")[1] !== place) return false;
  try {
    kill(Number(id), 0);
  } catch (error) {
    return getErrorCode(error) === "ESRCH";
  }
  try {
    return readStartTime(Number(id)) !== start;
  } catch {
    return false;
  }
}

/** Returns whether the process that created the token of a claim has certainly ended. Such a token begins with its identity. */
export function hasTokenOwnerEnded(token: string): boolean {
  const [identity = "", id] = token.split(":");
  return id !== undefined && hasEnded(identity);
}
