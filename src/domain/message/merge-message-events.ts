import type { MessageEvent } from "./message.js";

function isSame(a: MessageEvent, b: MessageEvent): boolean {
  return a.type === b.type && a.at === b.at && JSON.stringify(a.data) === JSON.stringify(b.data);
}

/**
 * Merges a message's stored events with those of a delivery. Both lists have the same beginning: engagement added to
 * the stored one during the delivery, and the delivery added to the other. All events are kept.
 */
export function mergeMessageEvents(
  stored: readonly MessageEvent[],
  delivered: readonly MessageEvent[],
): MessageEvent[] {
  let commonLength = 0;
  while (
    commonLength < stored.length &&
    commonLength < delivered.length &&
    isSame(stored[commonLength]!, delivered[commonLength]!)
  )
    commonLength++;
  return [...stored, ...delivered.slice(commonLength)];
}
