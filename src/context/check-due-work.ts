import { KnockError } from "../errors/knock-error.js";
import { MAX_SMALL_TRIGGER } from "../ports/due-work.js";
import type { Store } from "../ports/store.js";
import type { EnvironmentVariables } from "./credentials.js";
import { isPostgresLocation } from "./store-location.js";

const DEFAULT_MAX_DUE_RUNS = 100_000;

function readMaxDueRuns(env: EnvironmentVariables): number {
  const text = env.KNOCK_MAX_DUE_RUNS;
  if (!text) return DEFAULT_MAX_DUE_RUNS;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new KnockError("usage", `KNOCK_MAX_DUE_RUNS: ${JSON.stringify(text)} is not a whole number above 0`, {
    hint: `Set it to a number of runs, for example ${DEFAULT_MAX_DUE_RUNS}, or unset it.`,
  });
}

/**
 * Creates the check for triggers with many recipients, which throws `too_much_due_work` while the workers of a database are
 * behind. Undefined for other stores: their only process runs the due work itself.
 */
export async function createDueWorkCheck(
  location: string,
  store: Store,
  env: EnvironmentVariables,
): Promise<(() => Promise<void>) | undefined> {
  if (!isPostgresLocation(location)) return undefined;
  const maxDueRuns = readMaxDueRuns(env);
  const { createDueRunLimit } = await import("../store/postgres/open-postgres-store.js");
  const limit = createDueRunLimit(store, maxDueRuns);
  // A check uses a store in memory instead of an empty database.
  if (limit === null) return undefined;
  return async () => {
    if (!(await limit.isExceeded())) return;
    throw new KnockError(
      "too_much_due_work",
      `more than ${maxDueRuns} runs are due, so triggers with more than ${MAX_SMALL_TRIGGER} recipients are rejected`,
    );
  };
}
