import type * as z from "zod/mini";
import { valueAt } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { describeIssue } from "./describe-issue.js";

/** Receives the findings of a check. Paths start at the document's root. */
export interface FindingsReport {
  fault: Complain;
  /** Keys that the schema does not declare and that have a value. Omitted: they are faults. */
  unknownKey?: Complain;
}

/** Interpreted: compiling a parser pays off after thousands of documents, and a command reads a handful. */
const OPTIONS = { jitless: true, error: describeIssue };

/** Keys that the hosted service writes for itself (F-021, F-022). */
const isReserved = (key: string): boolean => key.startsWith("__");

/**
 * Checks a value against a schema and reports each finding. Returns the value itself, because zod's output has the key order
 * of the schema, which would change the `version_id` of workflows; null if there is a fault.
 */
export function checkDocument<S extends z.ZodMiniType>(
  schema: S,
  value: unknown,
  report: FindingsReport,
  path: PropertyKey[] = [],
): z.output<S> | null {
  const { error } = schema.safeParse(value, OPTIONS);
  let isValid = true;
  for (const issue of error?.issues ?? []) {
    const here = [...path, ...issue.path];
    if (issue.code !== "unrecognized_keys") {
      isValid = false;
      report.fault(here, issue.message);
      continue;
    }
    const sentences = issue.message.split("\n");
    // A key whose value is null counts as absent.
    for (const [index, key] of issue.keys.entries()) {
      if (isReserved(key) || valueAt(value, [...issue.path.map(String), key]) === null) continue;
      const unknownKey = report.unknownKey ?? report.fault;
      if (report.unknownKey === undefined) isValid = false;
      unknownKey([...here, key], sentences[index] ?? "is not a known key");
    }
  }
  return isValid ? (value as z.output<S>) : null;
}
