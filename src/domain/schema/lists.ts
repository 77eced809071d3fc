import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { describeInvalidType } from "./describe-issue.js";
import { rule } from "./fields.js";
import { variant } from "./variant.js";

interface ListLimits {
  /** The maximum number of entries. */
  max: number;
  /** The noun for the entries in errors, such as "recipients". */
  noun: string;
  /** The error about an empty list. Without it, a list may be empty. */
  emptyMessage?: string;
}

/**
 * Returns a schema for lists of up to `max` entries. A longer list is one finding, and its entries are not checked.
 * null counts as absent.
 */
export function boundedList<T extends z.ZodMiniType>(item: T, { max, noun, emptyMessage }: ListLimits) {
  const list = z
    .array(z.unknown(), { error: ({ input }) => describeInvalidType(`a list of ${noun}`, input ?? undefined) })
    .check(({ value, issues }) => {
      const tooManyMessage = value.length > max ? `must have at most ${max} entries, found ${value.length}` : undefined;
      const message = value.length === 0 ? emptyMessage : tooManyMessage;
      if (message !== undefined) issues.push({ code: "custom", message, input: value });
    });
  return z.pipe(list, z.array(item)) as z.ZodMiniType<z.output<T>[]>;
}

/**
 * Returns a schema for such a list, or for a single entry without a list. `expected` names both in the error. null
 * counts as absent (EQ-54).
 */
export function listOrSingle<T extends z.ZodMiniType>(expected: string, item: T, limits: ListLimits) {
  const list = once(() => boundedList(item, limits));
  return variant<z.output<T> | z.output<T>[]>({
    members: () => [list(), item],
    choose(value) {
      if (value === undefined || value === null) return { path: [], message: describeInvalidType(expected, undefined) };
      return Array.isArray(value) ? list() : item;
    },
  });
}

/** Returns a schema for objects of up to `max` values, each a string, a number, a boolean or null. */
export function flatPairs(max: number, { noObject, nested }: { noObject: string; nested: string }) {
  const value = z.unknown().check(z.refine((entry) => typeof entry !== "object" || entry === null, { error: nested }));
  return z.record(z.string(), value, { error: noObject }).check(
    rule((pairs, report) => {
      const { length } = Object.keys(pairs);
      if (length > max) report([], `must have at most ${max} pairs, found ${length}`);
    }),
  );
}
