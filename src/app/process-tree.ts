import { type ChildProcess, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface ProcessEntry {
  pid: number;
  parent: number;
  /** When it began, in whatever form the system says so: a number that is given again is of another process. */
  startedAt: string;
}

/** pid (name) state parent … began, the 22nd: the name may hold blanks and parentheses. */
const STAT_LINE = /^(\d+) \(.*\) (\S) (\d+) (?:\S+ ){17}(\d+)/s;
const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/;

function toProcessEntries([, pid, parent, state, began]: [unknown, ...(string | undefined)[]]): ProcessEntry[] {
  // Of one that has ended and that nobody has asked after only the number is left.
  if (state === undefined || state.startsWith("Z")) return [];
  return [{ pid: Number(pid), parent: Number(parent), startedAt: began ?? "" }];
}

function readStat(pid: string): ProcessEntry[] {
  try {
    const [, ownPid, state, parent, began] = STAT_LINE.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
    return toProcessEntries([null, ownPid, parent, state, began]);
  } catch {
    return []; // it ended a moment ago
  }
}

/** Every process of this machine that has not ended; none where that cannot be told. */
function listProcesses(): ProcessEntry[] {
  if (process.platform === "linux")
    return readdirSync("/proc").flatMap((name) => (/^\d/.test(name) ? readStat(name) : []));
  if (process.platform === "win32") return [];
  try {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,lstart="], { encoding: "utf8" }).split("\n");
    return lines.flatMap((line) => toProcessEntries((PS_LINE.exec(line) ?? [null]) as [unknown, ...string[]]));
  } catch {
    return [];
  }
}

/** A process that was started here, with those that came of it. One whose parent ended before a look is not found. */
export class ProcessTree {
  private readonly startTimes = new Map<number, string>();

  constructor(private readonly root: ChildProcess) {}

  /** Sends a signal to all that are there now, the first of them first: it begins no more then. */
  signal(name: NodeJS.Signals): void {
    const descendants = this.listDescendants();
    this.root.kill(name);
    for (const pid of descendants) {
      try {
        process.kill(pid, name);
      } catch {
        // it has ended, or is somebody else's
      }
    }
  }

  /** Those that are there now, without the first; from now on they are found without their parents, too. */
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
      const began = all.get(pid)?.startedAt;
      if (began === undefined || (this.startTimes.get(pid) ?? began) !== began) {
        descendants.delete(pid);
        continue;
      }
      this.startTimes.set(pid, began);
      // A set may grow while it is walked.
      for (const child of children.get(pid) ?? []) descendants.add(child);
    }
    return [...descendants];
  }
}
