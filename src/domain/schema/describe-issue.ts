import type * as core from "zod/v4/core";
import { findNearest } from "../../util/find-nearest.js";
import { describeUnknownKey } from "../findings/describe-finding.js";

type RawIssue = core.$ZodRawIssue;

/** The names that errors use for zod's types. */
const TYPE_LABELS: Readonly<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "a list",
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

/** Returns the type of a JSON value with its article, such as "a list". */
export function describeJsonType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Returns the sentence about a value of the wrong type, or about a missing value. */
export function describeInvalidType(expected: string, input: unknown): string {
  const name = TYPE_LABELS[expected] ?? expected;
  return input === undefined ? `is required (${name})` : `must be ${name}, found ${describeJsonType(input)}`;
}

/** Names that other products use, with ours. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  title: "subject",
  recipient: "to",
  limit: "throttle_limit",
  sec: "seconds",
  secs: "seconds",
  min: "minutes",
  mins: "minutes",
  hr: "hours",
  hrs: "hours",
};

/** Returns the valid name that was probably meant; undefined if none is similar. */
function findMeantName(typed: string, valid: readonly string[]): string | undefined {
  const other = Object.hasOwn(OTHER_NAMES, typed) ? OTHER_NAMES[typed] : undefined;
  return findNearest(typed, valid) ?? (other !== undefined && valid.includes(other) ? other : undefined);
}

/** Returns values as a list, such as `"a", "b" or 3`. */
function formatAlternatives(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return [texts.slice(0, -1).join(", "), ...texts.slice(-1)].filter((text) => text !== "").join(" or ");
}

/** Returns the sentence about a value that is not one of the allowed values, with the nearest of them. */
export function describeInvalidValue(values: readonly unknown[], input: unknown): string {
  const near =
    typeof input === "string"
      ? findMeantName(
          input,
          values.filter((value) => typeof value === "string"),
        )
      : undefined;
  if (input === undefined) return `is required: ${formatAlternatives(values)}`;
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  return `must be ${formatAlternatives(values)}, found ${JSON.stringify(input)}${hint}`;
}

/** Returns the keys that are declared by the schema that raised an issue. */
function getDeclaredKeys({ inst }: RawIssue): string[] {
  const definition = inst?._zod.def as { shape?: object } | undefined;
  return Object.keys(definition?.shape ?? {});
}

/** The largest number of valid keys that the error about an unknown key lists. */
const MAX_LISTED_KEYS = 16;

function serializeUnknownKeys(issue: RawIssue & { code: "unrecognized_keys" }, maxListed = MAX_LISTED_KEYS): string {
  const known = getDeclaredKeys(issue);
  const sentences = issue.keys.map((key) => {
    const near = findMeantName(key, known);
    const names = known.length === 0 ? "no properties are expected" : `valid keys are ${known.join(", ")}`;
    const isListed = near === undefined && known.length <= maxListed;
    return `${describeUnknownKey(key, near)}${isListed ? `; ${names}` : ""}`;
  });
  return JSON.stringify({ known, sentences });
}

/** Parameters for an object schema. An error about an unknown key lists all declared keys if none of them is near. */
export const LIST_KNOWN_KEYS = {
  error: (issue: RawIssue) =>
    issue.code === "unrecognized_keys" ? serializeUnknownKeys(issue, Number.POSITIVE_INFINITY) : undefined,
};

/**
 * Returns the sentence for an issue without its location: the expected value, the value found, and the nearest valid
 * name.
 * zod raises one issue per object for all unknown keys and accepts one text per issue. That text is therefore JSON with
 * the declared keys and one sentence per unknown key, in the order of the issue's `keys`.
 */
export function describeIssue(issue: RawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return describeInvalidType(issue.expected, issue.input);
    case "invalid_value":
      return describeInvalidValue(issue.values, issue.input);
    case "too_small":
      return typeof issue.input === "string" || Array.isArray(issue.input)
        ? "must not be empty"
        : `must be at least ${issue.minimum}, found ${JSON.stringify(issue.input)}`;
    case "too_big":
      return typeof issue.input === "string"
        ? `must be at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}, found ${JSON.stringify(issue.input)}`;
    case "unrecognized_keys":
      return serializeUnknownKeys(issue);
    default:
      return `is invalid: found ${describeJsonType(issue.input)}`;
  }
}
