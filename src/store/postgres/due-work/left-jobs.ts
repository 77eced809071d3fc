import type { LeaveRule, LeftWork } from "../../../ports/due-work.js";
import { computeDigest } from "../../../util/ids.js";
import { stringify } from "../../rows/json-column.js";
import { type FoundJob, type JobPayload, type NewJob, toImpossibleFlag, toLeftFlag } from "./jobs.js";
import type { OtherProcesses } from "./live-processes.js";

/**
 * Decides which work a worker leaves to workers with another project. A job of that work is added again with a flag that names the
 * project, and workers of the project skip it while others are live. So no worker looks at a job twice.
 */
export class LeftJobs {
  /** Null before the first heartbeat. */
  private others: OtherProcesses | null = null;

  constructor(private readonly getProject: () => string | null) {}

  /** Records the processes that a heartbeat found. */
  noteOthers(others: OtherProcesses): void {
    this.others = others;
  }

  /** Returns the number of other projects that live processes run. */
  countOthers(): number {
    return this.others?.all.length ?? 0;
  }

  getSkippedFlags(): string[] {
    const project = this.getProject();
    if (project === null || this.others === null) return [];
    const { workers, all } = this.others;
    return [
      ...(workers.length > 0 ? [toLeftFlag(project)] : []),
      ...(all.length > 0 ? [toImpossibleFlag(project)] : []),
    ];
  }

  /**
   * Returns which work of a job is left. Without another project, this is still work that needs what this one does not have: a
   * process that started since the last heartbeat may have it.
   */
  buildRule({ left = {}, impossible = [], alone }: JobPayload): LeaveRule | undefined {
    const project = this.getProject();
    if (project === null || alone === project) return undefined;
    const others = (this.others?.workers ?? []).filter((other) => !impossible.includes(other));
    const asked = Object.entries(left).filter(([, projects]) => others.every((other) => projects.includes(other)));
    return { hasOthers: others.length > 0, askedVersions: new Set(asked.map(([version]) => version)) };
  }

  /** Returns the job for the work that was left. A worker that runs the only project does all of it. */
  build({ task, payload, size }: FoundJob, { versions, isImpossible }: LeftWork): NewJob {
    const project = this.getProject() as string;
    const { left = {}, leftBy: _by, impossible = [], alone: _alone, ...place } = payload;
    const { rows, shards, workflowRunRow, channel } = place;
    const key = `left:${task}:${computeDigest(stringify([rows, shards, workflowRunRow, channel]))}`;
    const job = { task, size, runAt: null, key };
    if (this.countOthers() === 0) return { ...job, payload: { ...place, alone: project } };
    const asked = versions.map((version) => [version, [...new Set([...(left[version] ?? []), project])]]);
    return {
      ...job,
      payload: {
        ...place,
        left: Object.fromEntries(asked),
        leftBy: versions.length > 0 ? project : undefined,
        impossible: isImpossible ? [...new Set([...impossible, project])] : impossible,
      },
    };
  }
}
