import * as z from "zod/mini";
import { compileLinearPattern } from "../domain/data-schema/compile-linear-pattern.js";
import { MAX_PATTERN_LENGTH } from "../domain/schema/check-json-schema.js";
import { described, nonEmptyString, optional, rule } from "../domain/schema/fields.js";
import { unionByType } from "../domain/schema/union-by-type.js";
import type { Json } from "../util/json.js";
import { stableStringify } from "../util/json.js";
import { once } from "../util/once.js";
import { runWithTimeLimit, TimeLimitExceeded } from "../util/time-limit.js";

const COMPARISONS = ["equals", "contains", "excludes", "matches"] as const;

/** Limits the time of one match, for patterns that need backtracking. */
const PATTERN_TIMEOUT_MS = 250;

/**
 * Returns a test for a regular expression in any part of a text, or null if it is invalid. The test returns null if it
 * exceeds the time limit.
 */
function compilePattern(pattern: string): ((text: string) => boolean | null) | null {
  let matches: (text: string) => boolean;
  try {
    const expression = new RegExp(pattern, "u");
    matches = compileLinearPattern(pattern) ?? ((text) => expression.test(text));
  } catch {
    return null;
  }
  return (text) => {
    try {
      return runWithTimeLimit(PATTERN_TIMEOUT_MS, () => matches(text));
    } catch (error) {
      if (error instanceof TimeLimitExceeded) return null;
      throw error;
    }
  };
}

const textsSchema = () =>
  unionByType("text or a list of texts", {
    text: () => nonEmptyString(),
    list: () => z.array(nonEmptyString()).check(z.minLength(1)),
  });

/** The schema of an expected value: the whole value, or an object with comparisons, which must all be true. */
export const textMatcherSchema = once(() =>
  unionByType("text, a number, true, false, or an object such as { contains: … }", {
    text: () => z.string(),
    number: () => z.number(),
    flag: () => z.boolean(),
    object: () =>
      z
        .strictObject({
          equals: described(z.optional(z.unknown()), "The whole value.", "Ada commented on Home"),
          contains: described(
            optional(textsSchema()),
            'Text that the value contains, such as "2 new followers", or a list of such texts.',
          ),
          excludes: described(optional(nonEmptyString()), 'Text that the value does not contain, such as "{{".'),
          matches: described(
            optional(nonEmptyString()),
            'A regular expression that matches a part of the value, such as "^Order \\d+".',
          ),
        })
        .check(
          rule((matcher, report) => {
            const found = COMPARISONS.filter((name) => matcher[name] !== undefined);
            if (found.length === 0) report([], `must have one of ${COMPARISONS.join(", ")}`);
            else if (found.length > 1 && found.includes("equals"))
              report(["equals"], `cannot be combined with ${found.filter((name) => name !== "equals").join(" and ")}`);
            if (typeof matcher.matches !== "string") return;
            const { length } = matcher.matches;
            if (length > MAX_PATTERN_LENGTH)
              return report(["matches"], `must be at most ${MAX_PATTERN_LENGTH} characters, found ${length}`);
            const matches = compilePattern(matcher.matches);
            if (matches === null) report(["matches"], "is not a regular expression");
            else if (matches("") && matches("\u0000")) report(["matches"], "matches every text, so it can never fail");
          }),
        ),
  }),
);

export type TextMatcher = z.output<ReturnType<typeof textMatcherSchema>>;

/** An expected value that was not found. */
interface Mismatch {
  /** The expected value, as it reads after "expected". */
  expected: string;
  found: Json | undefined;
}

const toText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)) ?? "nothing";

/** Compares a value with what a scenario expects. Returns null if it matches. */
export function matchText(matcher: TextMatcher, found: Json | undefined): Mismatch | null {
  if (typeof matcher !== "object") return found === matcher ? null : { expected: toText(matcher), found };
  const text = found === undefined ? "" : toText(found);
  const { equals, contains, excludes, matches } = matcher;
  if (equals !== undefined)
    return found !== undefined && stableStringify(equals) === stableStringify(found)
      ? null
      : { expected: toText(equals), found };
  const missing = [contains ?? []].flat().find((part) => !text.includes(part));
  if (missing !== undefined) return { expected: `text that contains ${JSON.stringify(missing)}`, found };
  if (typeof excludes === "string" && text.includes(excludes))
    return { expected: `text without ${JSON.stringify(excludes)}`, found };
  if (typeof matches !== "string") return null;
  const isMatch = compilePattern(matches)?.(text);
  if (isMatch) return null;
  const timeout = isMatch === null ? ` (this could not be checked within ${PATTERN_TIMEOUT_MS} ms)` : "";
  return { expected: `text that matches ${matches}${timeout}`, found };
}
