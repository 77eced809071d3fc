import { describeProjects, findOnlyProject } from "../../context/describe-projects.js";
import type { StoreState } from "../../store/postgres/due-work/store-state.js";
import type { DoctorCheck } from "./report-schema.js";

/** Checks that all live workers and servers of a database run the same project. */
export function checkProjects({ processes, leftJobs }: StoreState): Omit<DoctorCheck, "name"> {
  const difference = describeProjects(processes);
  if (difference === null) {
    const project = findOnlyProject(processes);
    const message = project === null ? "no live worker or server" : `all live workers and servers run ${project}`;
    return { status: "ok", message };
  }
  const waiting = leftJobs
    ? `; ${leftJobs} job${leftJobs === 1 ? " waits" : "s wait"} for a worker with another one`
    : "";
  return {
    status: "error",
    message: difference + waiting,
    hint: "Deploy the same files to all of them. A rolling deployment ends the difference. For jobs that wait, start a worker with the newest files.",
  };
}
