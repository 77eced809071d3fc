import type { ErrorDetail } from "../../errors/knock-error.js";
import { pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { describeUnknownKey } from "./place.js";

/** For `safeParse`: compiling parsers pays off after thousands of objects, a start checks a handful. */
export const INTERPRETED = { jitless: true };

/** The parts of a zod issue that are read here; zod's own union type would tie every schema file to this one. */
export interface Issue {
  code?: string | undefined;
  path: readonly PropertyKey[];
  message: string;
  expected?: unknown;
  keys?: readonly string[];
  values?: readonly unknown[];
  minimum?: unknown;
  maximum?: unknown;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The types of zod issues in words. */
export const EXPECTED: Readonly<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "a list",
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function at(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path)
    value = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined;
  return value;
}

function sentence(issue: Issue, found: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      if (found === undefined) return `is required (${EXPECTED[String(issue.expected)] ?? String(issue.expected)})`;
      return `must be ${EXPECTED[String(issue.expected)] ?? String(issue.expected)}, found ${kindOf(found)}`;
    case "invalid_value":
      return `must be ${(issue.values ?? []).map((value) => JSON.stringify(value)).join(" or ")}, found ${JSON.stringify(found) ?? "nothing"}`;
    case "too_small":
      return typeof found === "string" ? "must not be empty" : `must be at least ${String(issue.minimum)}`;
    case "too_big":
      return `must be at most ${String(issue.maximum)}${typeof found === "string" ? " characters" : ""}`;
    case "custom":
      return issue.message;
    default:
      return issue.message === "Invalid input" ? `is not valid: ${kindOf(found)}` : issue.message;
  }
}

/**
 * Zod's findings as error details: where, what was wanted and found. An unknown key becomes a detail of its own with
 * the nearest of `knownKeys(path)`.
 */
export function detailsOf(
  issues: readonly Issue[],
  root: unknown,
  knownKeys?: (path: readonly PropertyKey[]) => readonly string[],
): ErrorDetail[] {
  return issues.flatMap((issue): ErrorDetail[] => {
    if (issue.code === "unrecognized_keys") {
      return (issue.keys ?? []).map((key) => {
        const message = describeUnknownKey(key, nearest(key, knownKeys?.(issue.path) ?? []));
        return { pointer: pointerOf([...issue.path, key]), message };
      });
    }
    const found = at(root, issue.path);
    const detail: ErrorDetail = { pointer: pointerOf(issue.path), message: sentence(issue, found) };
    if (typeof found === "string" || typeof found === "number" || typeof found === "boolean" || found === null)
      detail.value = found;
    return [detail];
  });
}
