import { type ChildProcess, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { removeKeys } from "../../context/remove-keys.js";

interface ProcessEntry {
  pid: number;
  parent: number;
  /**
   * The start time of the process, as the operating system formats it. A PID with a different start time was reused by
   * another process.
   */
  startedAt: string;
}

/** "pid (name) state parent … starttime", where starttime is field 22. The name may contain spaces and parentheses. */
const STAT_LINE = /^(\d+) \(.*\) (\S) (\d+) (?:\S+ ){17}(\d+)/s;
const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S.*)$/;

function toProcessEntries([, pid, parent, state, startedAt]: [unknown, ...(string | undefined)[]]): ProcessEntry[] {
  // Zombie processes have ended; only their table entry remains until their parent reads the exit code.
  if (state === undefined || state.startsWith("Z")) return [];
  return [{ pid: Number(pid), parent: Number(parent), startedAt: startedAt ?? "" }];
}

function readStat(pid: string): ProcessEntry[] {
  try {
    const [, ownPid, state, parent, startedAt] = STAT_LINE.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
    return toProcessEntries([null, ownPid, parent, state, startedAt]);
  } catch {
    return []; // The process ended after the folder was listed.
  }
}

/** Returns every running process of the computer, or an empty list if processes cannot be listed. */
function listProcesses(): ProcessEntry[] {
  if (process.platform === "linux")
    return readdirSync("/proc").flatMap((name) => (/^\d/.test(name) ? readStat(name) : []));
  if (process.platform === "win32") return [];
  try {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,lstart="], {
      encoding: "utf8",
      env: removeKeys(process.env),
    }).split("\n");
    return lines.flatMap((line) => toProcessEntries((PS_LINE.exec(line) ?? [null]) as [unknown, ...string[]]));
  } catch {
    return [];
  }
}

/** A started process and its descendants. A descendant whose parent ended before the first listing is not found. */
export class ProcessTree {
  private readonly startTimes = new Map<number, string>();

  constructor(private readonly root: ChildProcess) {}

  /**
   * Sends a signal to all current processes of the tree. The root gets it first, so that it starts no more processes.
   */
  signal(name: NodeJS.Signals): void {
    const descendants = this.listDescendants();
    this.root.kill(name);
    for (const pid of descendants) {
      try {
        process.kill(pid, name);
      } catch {
        // The process has ended or belongs to another user.
      }
    }
  }

  /**
   * Returns the PIDs of the current descendants without the root. Processes found once are still found after their
   * parents have ended.
   */
  listDescendants(): number[] {
    const all = new Map(listProcesses().map((entry) => [entry.pid, entry]));
    const children = new Map<number, number[]>();
    for (const { pid, parent } of all.values()) children.set(parent, [...(children.get(parent) ?? []), pid]);
    const hasEnded = this.root.exitCode !== null || this.root.signalCode !== null;
    const descendants = new Set([
      ...(hasEnded ? [] : (children.get(this.root.pid ?? -1) ?? [])),
      ...this.startTimes.keys(),
    ]);
    for (const pid of descendants) {
      const startedAt = all.get(pid)?.startedAt;
      if (startedAt === undefined || (this.startTimes.get(pid) ?? startedAt) !== startedAt) {
        descendants.delete(pid);
        continue;
      }
      this.startTimes.set(pid, startedAt);
      // Iterating over a set includes items that are added during the iteration.
      for (const child of children.get(pid) ?? []) descendants.add(child);
    }
    return [...descendants];
  }
}
