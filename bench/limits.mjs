/**
 * The limits of the published figures, one for each. A bench fails if a figure exceeds its limit. Starts are measured as processes, and compared
 * with another process of the same round.
 */
export const LIMITS = {
  version_times_node: 1.2,
  notify_times_node: 2.5,
  scenario_times_node: 3.2,
  remote_notify_times_request: 1.6,
  mcp_cpu_times_node: 4,
};

/** Prints each figure above its limit, and then makes the process exit with 1. */
export function checkLimits(figures) {
  for (const [name, value] of Object.entries(figures)) {
    if (value <= LIMITS[name]) continue;
    console.error(`${name} is ${value}, and its limit is ${LIMITS[name]}`);
    process.exitCode = 1;
  }
}
