import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import type { Store } from "../../../src/ports/store.js";
import { readForward } from "./read-pages.js";

/** Returns the runs of a trigger in order of acceptance. */
export async function readRuns(store: Store, workflow_run_id: string): Promise<RecipientRun[]> {
  const stored = await readForward((page) => store.listRecipientRuns({ workflow_run_id }, page), 500);
  return stored.map(({ recipientRun }) => recipientRun).reverse();
}
