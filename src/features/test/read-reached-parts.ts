import type { LocalOperations } from "../../ports/operations.js";
import { listReachedItems } from "../../scenarios/coverage.js";
import { listRecipientRuns } from "../../scenarios/observe.js";

/** Passes the parts of workflows that the runs of a scenario reached to `onRun`, for each recipient run. */
export async function readReachedParts(
  operations: LocalOperations,
  onRun: (workflow: string, parts: readonly string[]) => void,
): Promise<void> {
  for (const { id } of await listRecipientRuns(operations)) {
    const run = await operations.readRecipientRun(String(id));
    if (run !== null) onRun(String(run.workflow), listReachedItems(run));
  }
}
