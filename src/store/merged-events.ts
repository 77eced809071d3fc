import type { MessageEvent } from "../domain/message/message.js";

function isSame(a: MessageEvent, b: MessageEvent): boolean {
  return a.type === b.type && a.at === b.at && JSON.stringify(a.data) === JSON.stringify(b.data);
}

/**
 * Both lists grew from the same beginning: the stored one by engagement while a delivery was under way, the other by
 * that delivery. Nothing of either is lost.
 */
export function mergedEvents(stored: readonly MessageEvent[], delivered: readonly MessageEvent[]): MessageEvent[] {
  let shared = 0;
  while (shared < stored.length && shared < delivered.length && isSame(stored[shared]!, delivered[shared]!)) shared++;
  return [...stored, ...delivered.slice(shared)];
}
