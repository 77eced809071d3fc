import { type RecipientKey, splitRecipientKey } from "../recipient/recipient.js";

/**
 * The key of what a step keeps for a recipient: an open batch (E-243), a throttle's window (E-285). The recipient comes
 * first, so that all of theirs lie side by side; the value of the step's own key comes last.
 */
export function buildRecipientStepKey(
  recipient: RecipientKey,
  step: readonly string[],
  branch: string | undefined,
  value: string,
): string {
  const { collection, id } = splitRecipientKey(recipient);
  return JSON.stringify([collection, id, ...step, branch ?? null, value]);
}

/** Between which texts, by their bytes, all keys of a recipient are. */
export function getStepKeyRange(recipient: RecipientKey): { from: string; below: string } {
  const { collection, id } = splitRecipientKey(recipient);
  const start = JSON.stringify([collection, id]).slice(0, -1);
  return { from: `${start},`, below: `${start}-` }; // what follows a comma in ASCII
}

/** What the step's own key came to; null for a text that is no such key. */
export function parseStepKeyValue(key: string): string | null {
  try {
    const value = (JSON.parse(key) as unknown[]).at(-1);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
