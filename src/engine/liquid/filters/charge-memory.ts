import type { Context } from "liquidjs";
import { LIQUID_LIMITS } from "../liquid-limits.js";

/** A filter or tag, whose rendering has a memory limit. */
export interface Limited {
  readonly context: Pick<Context, "memoryLimit">;
}

/** Limits the texts and lists that are not counted. Most are short, and a context of liquidjs would be created for each. */
const MAX_UNCOUNTED_LENGTH = 1_000;

/** Returns the characters, items and properties in a value, each as often as it occurs. Ends once there are more than `max`. */
function measure(value: unknown, max: number): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 1;
  let size = 1;
  if (Array.isArray(value)) {
    for (const item of value) {
      size += measure(item, max - size);
      if (size > max) break;
    }
    return size;
  }
  for (const [key, item] of Object.entries(value)) {
    size += key.length + measure(item, max - size);
    if (size > max) break;
  }
  return size;
}

/** Counts the items of a list, also those of nested lists. Ends once there are more than `max`. */
function countItems(list: readonly unknown[], max: number): number {
  let count = list.length;
  for (const item of list) {
    if (count > max) break;
    if (Array.isArray(item)) count += countItems(item, max - count);
  }
  return count;
}

/**
 * Counts everything in a list or map, before it is converted to text. A short template can build a list that contains other
 * lists so often that the text would fill the memory.
 */
export function chargeContent({ context }: Limited, value: object): void {
  context.memoryLimit.use(measure(value, LIQUID_LIMITS.memoryLimit));
}

/** Counts the items of a list, also those of nested lists, before they are copied. Returns their number. */
export function chargeItems({ context }: Limited, list: readonly unknown[]): number {
  const count = countItems(list, LIQUID_LIMITS.memoryLimit);
  context.memoryLimit.use(count);
  return count;
}

/** Counts a new text or list, unless it is short. Returns it. */
export function chargeResult<T>(limited: Limited, result: T): T {
  if ((typeof result === "string" || Array.isArray(result)) && result.length > MAX_UNCOUNTED_LENGTH)
    limited.context.memoryLimit.use(result.length);
  return result;
}

/** Counts a text or number of items that a filter keeps while it runs. */
export function chargeLength({ context }: Limited, length: number): void {
  context.memoryLimit.use(length);
}
