import { NO_PRUNED_ROWS, PRUNED_TABLES, type PruneOptions, type PruneReport } from "../../ports/prune-store.js";
import { type EngineContext, readTime } from "../context/engine-context.js";

/** The rows that one transaction examines. */
const PRUNE_LIMIT = 1_000;

/** Deletes ended runs with everything that belongs to them, in short transactions. An abort ends it after the current one. */
export async function pruneRuns(context: EngineContext, options: PruneOptions): Promise<PruneReport> {
  const { olderThanMs, isDryRun, signal, onProgress, onWarning } = options;
  const before = (await readTime(context)) - olderThanMs;
  const report: PruneReport = { ...NO_PRUNED_ROWS, before };
  for (const table of PRUNED_TABLES) {
    let after: number | string | null = 0;
    while (after !== null && !signal.aborted) {
      const request = { table, before, after, limit: PRUNE_LIMIT, isDryRun };
      const { counts, next, warning } = await context.store.prune(request);
      if (warning !== undefined) onWarning(warning);
      for (const [name, count] of Object.entries(counts)) report[name as keyof PruneReport] += count;
      onProgress(report);
      after = next;
    }
  }
  return report;
}
