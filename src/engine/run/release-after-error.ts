import type { DueStore } from "../../ports/due-store.js";
import type { EngineContext } from "../context/engine-context.js";

/** Releases the claims that earlier work could not release, because the store failed. */
async function releaseAbandonedClaims({ store, workFailures }: EngineContext<DueStore>): Promise<void> {
  const { abandonedClaims } = workFailures;
  if (abandonedClaims.size === 0) return;
  const tokens = [...abandonedClaims];
  await store.releaseClaims(tokens);
  for (const token of tokens) abandonedClaims.delete(token);
}

/**
 * Does due work. If it fails, releases what it has claimed, so that the next attempt need not wait for the end of the leases. If
 * the store cannot do that now, this happens before the next work.
 */
export async function releaseAfterError<Stores extends DueStore, T>(
  context: EngineContext<Stores>,
  work: (context: EngineContext<Stores>) => Promise<T>,
): Promise<T> {
  await releaseAbandonedClaims(context);
  const tokens: string[] = [];
  try {
    return await work({ ...context, onClaim: (token) => tokens.push(token) });
  } catch (error) {
    for (const token of tokens) context.workFailures.abandonedClaims.add(token);
    await releaseAbandonedClaims(context).catch(() => {});
    throw error;
  }
}
