import type { DueStore } from "../../ports/due-store.js";
import type { EngineContext } from "../context/engine-context.js";
import { abandonAdvances } from "./advance-within-limit.js";

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
  const { heldClaims, abandonedClaims } = context.workFailures;
  const tokens: string[] = [];
  const onClaim = (token: string): void => {
    tokens.push(token);
    heldClaims.add(token);
  };
  try {
    return await work({ ...context, onClaim });
  } catch (error) {
    for (const token of tokens) abandonedClaims.add(token);
    await releaseAbandonedClaims(context).catch(() => {});
    throw error;
  } finally {
    for (const token of tokens) heldClaims.delete(token);
  }
}

/**
 * Ends work in progress and releases its claims, for a process that ends without finishing it. Otherwise this would count as a crash,
 * and slow renderings would delay each step of the end by seconds.
 */
export async function releaseWork({ store, workFailures }: EngineContext<DueStore>): Promise<void> {
  abandonAdvances();
  const tokens = [...workFailures.heldClaims, ...workFailures.abandonedClaims];
  if (tokens.length > 0) await store.releaseClaims(tokens);
}
