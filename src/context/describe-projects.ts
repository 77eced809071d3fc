import type { LiveProcess } from "../ports/due-work.js";

/** The characters of a digest that are shown. */
const SHOWN_CHARACTERS = 12;

/** Returns the processes by the digest of their project, the largest group first. Those of older versions of knock are left out. */
export function groupByProject(processes: readonly LiveProcess[]): Map<string, LiveProcess[]> {
  const groups = new Map<string, LiveProcess[]>();
  for (const process of processes)
    if (process.project !== null) groups.set(process.project, [...(groups.get(process.project) ?? []), process]);
  return new Map([...groups].sort(([, one], [, other]) => other.length - one.length));
}

/** Returns the digests of different projects with the processes that run them, or null if all run the same one. */
export function describeProjects(processes: readonly LiveProcess[]): string | null {
  const groups = groupByProject(processes);
  if (groups.size < 2) return null;
  const texts = [...groups].map(([project, members]) => {
    const names = members.map(({ kind, host, pid }) => `${kind} ${pid} on ${host}`).join(", ");
    return `${project.slice(0, SHOWN_CHARACTERS)} (${names})`;
  });
  return `workers and servers run ${groups.size} different projects: ${texts.join(" and ")}`;
}

/** Returns the digest of the only project, shortened for users, or null without a process. */
export function findOnlyProject(processes: readonly LiveProcess[]): string | null {
  const [project = null] = groupByProject(processes).keys();
  return project?.slice(0, SHOWN_CHARACTERS) ?? null;
}
