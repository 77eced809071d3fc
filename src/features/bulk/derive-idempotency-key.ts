import type { Trigger } from "../../domain/trigger/trigger.js";
import { loadCrypto } from "../../util/load-crypto.js";

/**
 * Returns the idempotency key of a trigger in a file. It is the same in each run over the same file, so that a run that
 * is repeated after a crash triggers nothing twice. It depends on the line number, so two equal lines are two triggers.
 */
export function deriveIdempotencyKey(seed: string, line: number, part: number, trigger: Trigger): string {
  const content = JSON.stringify([seed, line, part, trigger.workflow, trigger.payload]);
  return `knock-cli-${loadCrypto().hash("sha256", content).slice(0, 40)}`;
}
