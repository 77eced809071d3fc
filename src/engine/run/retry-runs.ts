import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { OwnWork } from "../context/own-work.js";
import { runDueWork } from "./run-due-work.js";

/** Makes failed runs due again, and continues them immediately. Returns the ids of the runs that were failed. */
export async function retryRuns(context: EngineContext<DueWorkStore>, ids: readonly string[]): Promise<string[]> {
  const now = await readTime(context);
  const retried = await context.store.retryRuns(ids, now);
  if (retried.length > 0) await runDueWork({ ...context, ownWork: new OwnWork({ recipientRunIds: retried }) }, now);
  return retried;
}
