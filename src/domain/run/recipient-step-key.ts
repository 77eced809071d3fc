import { type RecipientKey, splitRecipientKey } from "../recipient/recipient.js";

/**
 * Returns the key of a step's data about a recipient: an open batch (E-243) or a throttle's window (E-285). The key
 * starts with the recipient, so that all keys of a recipient form one range, and ends with the value of the step's own
 * key.
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

/** Returns the range that contains all keys of a recipient, in byte order. */
export function getStepKeyRange(recipient: RecipientKey): { from: string; below: string } {
  const { collection, id } = splitRecipientKey(recipient);
  const start = JSON.stringify([collection, id]).slice(0, -1);
  return { from: `${start},`, below: `${start}-` }; // the character after the comma in ASCII
}

/** Returns the value of the step's own key, or null if the text is not such a key. */
export function parseStepKeyValue(key: string): string | null {
  try {
    const parts: unknown = JSON.parse(key);
    const value: unknown = Array.isArray(parts) ? parts.at(-1) : null;
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
