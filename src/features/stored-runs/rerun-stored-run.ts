import type { ReplayContext } from "../../comparison/trigger-sources.js";
import { openStore } from "../../context/open-store.js";
import { hasStore } from "../../context/store-location.js";
import { keepRerun } from "./keep-rerun.js";
import type { RerunOptions } from "./rerun-options.js";
import type { RerunReport } from "./rerun-report.js";
import { rerunRun } from "./rerun-run.js";

/** Runs a run of the store at a location again. It is written to only with `keeps`. Returns null for an unknown ID. */
export async function rerunStoredRun(
  location: string,
  id: string,
  { keeps, ...options }: RerunOptions & { keeps: boolean },
  context: ReplayContext,
): Promise<RerunReport | null> {
  if (!hasStore(location)) return null;
  const store = await openStore(location, { readOnly: !keeps });
  try {
    return await rerunRun(
      store,
      id,
      options,
      context,
      keeps ? (copy, runId, originalId) => keepRerun(copy, store, runId, originalId) : undefined,
    );
  } finally {
    await store.close();
  }
}
