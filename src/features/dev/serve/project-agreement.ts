import { describeProjects, groupByProject } from "../../../context/describe-projects.js";
import type { LiveProcess } from "../../../ports/due-work.js";

/** Returns the project that most servers run; of two with as many servers, the one that started last. */
function findLeadingProject(processes: readonly LiveProcess[]): string | undefined {
  const servers = groupByProject(processes.filter(({ kind }) => kind === "server"));
  const startOf = (members: readonly LiveProcess[]): number => Math.min(...members.map(({ started_at }) => started_at));
  const [leading] = [...servers].sort(
    ([, one], [, other]) => other.length - one.length || startOf(other) - startOf(one),
  );
  return leading?.[0];
}

/**
 * Decides whether a server is ready while processes run different projects. Only servers with another project than most are not,
 * and only after a time that a rolling deployment may take. So the largest group of servers always stays ready.
 */
export class ProjectAgreement {
  private differsSince: number | null = null;

  constructor(
    private readonly graceMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Returns why a server with this project is not ready, and the difference between the live processes. Each is null if all is well. */
  check(project: string, processes: readonly LiveProcess[]): { problem: string | null; difference: string | null } {
    const difference = describeProjects(processes);
    if (difference === null || findLeadingProject(processes) === project) {
      this.differsSince = null;
      return { problem: null, difference };
    }
    this.differsSince ??= this.now();
    const isLate = this.now() - this.differsSince >= this.graceMs;
    return {
      problem: isLate ? `this server does not run the project of most servers: ${difference}` : null,
      difference,
    };
  }
}
