import type * as z from "zod/mini";
import { findOnlyNearest } from "../../util/find-nearest.js";
import { getValueAtPath, isJsonObject } from "../../util/json.js";
import { describeUnknownKey } from "../findings/describe-finding.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { describeIssue } from "./describe-issue.js";
import type { Finding } from "./finding.js";
import { findMissingKey, mergeMisspelledKeys, type UnknownKey } from "./misspelled-keys.js";

interface CorrectedKey {
  schema: z.ZodMiniType;
  document: unknown;
  path: readonly PropertyKey[];
  /** The declared keys of the object. */
  known: readonly string[];
  /** All undeclared keys of the object. */
  unknown: readonly string[];
}

/** Returns a copy of a document with another key at a path. The order of keys is kept. */
function renameKey(value: unknown, [part, ...rest]: readonly PropertyKey[], name: string): unknown {
  if (Array.isArray(value)) return value.map((item, index) => (index === part ? renameKey(item, rest, name) : item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      if (key !== part) return [key, child];
      return rest.length === 0 ? [name, child] : [key, renameKey(child, rest, name)];
    }),
  );
}

function countInvalidValues(schema: z.ZodMiniType, document: unknown): number {
  const issues = schema.safeParse(document, { jitless: true }).error?.issues ?? [];
  return issues.filter(({ code }) => code !== "unrecognized_keys").length;
}

/**
 * Returns the only possible correction of an unknown key, or undefined: one declared key is nearest, the object does not
 * have it, no other unknown key has the same correction, and the value is valid for it.
 */
function findSuggestedKey({ schema, document, path, known, unknown }: CorrectedKey): string | undefined {
  const key = String(path.at(-1));
  const near = findOnlyNearest(key, known);
  if (near === undefined) return undefined;
  const owner = getValueAtPath(document, path.slice(0, -1).map(String));
  const isTaken = !isJsonObject(owner) || Object.hasOwn(owner, near);
  if (isTaken || unknown.some((other) => other !== key && findOnlyNearest(other, known) === near)) return undefined;
  const renamed = renameKey(document, path, near);
  return countInvalidValues(schema, renamed) <= countInvalidValues(schema, document) ? near : undefined;
}

/**
 * Returns whether a key is allowed in any object of the hosted service's documents: `__…` is written by the service
 * (F-021, F-022), and `name@` refers to a file with the value of `name` (F-013).
 */
function isReservedKey(key: string, known: readonly string[]): boolean {
  return key.startsWith("__") || (key.endsWith("@") && known.includes(key.slice(0, -1)));
}

interface CheckResult {
  findings: Finding[];
  unknownKeys: UnknownKey[];
}

/** Checks a value. With `isClosed`, the findings contain unknown keys, also those that the service could add. */
function collectFindings(schema: z.ZodMiniType, value: unknown, isClosed = false): CheckResult {
  const findings: Finding[] = [];
  const unknownKeys: UnknownKey[] = [];
  // Most documents are valid. zod copies its options, which takes a third of the time of a small check.
  if (schema.safeParse(value).success) return { findings, unknownKeys };
  for (const issue of schema.safeParse(value, { error: describeIssue }).error?.issues ?? []) {
    if (issue.code !== "unrecognized_keys") {
      findings.push({ path: [...issue.path], message: issue.message });
      continue;
    }
    const { known, sentences } = JSON.parse(issue.message) as { known: string[]; sentences: string[] };
    for (const [index, key] of issue.keys.entries()) {
      const path = [...issue.path, key];
      const message = sentences[index] ?? describeUnknownKey(key, undefined);
      const suggestedKey = findSuggestedKey({ schema, document: value, path, known, unknown: issue.keys });
      const missingKey = findMissingKey(value, issue.path, key, known);
      const finding = { path, message, missingKey, ...(suggestedKey === undefined ? {} : { suggestedKey }) };
      if (isClosed) findings.push(finding);
      // In the service's documents, a key whose value is null counts as absent.
      if (isClosed || (!isReservedKey(key, known) && getValueAtPath(value, finding.path.map(String)) !== null))
        unknownKeys.push(finding);
    }
  }
  return { findings, unknownKeys };
}

/** Checks a value like `collectFindings`, with one finding for a required key that is missing because it is misspelled. */
function collectMergedFindings(schema: z.ZodMiniType, value: unknown, isClosed = false): CheckResult {
  const { findings, unknownKeys } = collectFindings(schema, value, isClosed);
  return mergeMisspelledKeys(findings, unknownKeys);
}

function reportFindings<S extends z.ZodMiniType>(value: unknown, findings: readonly Finding[], report: ReportFinding) {
  for (const { path, message, suggestedKey } of findings) report(path, message, suggestedKey);
  return findings.length === 0 ? (value as z.output<S>) : null;
}

/**
 * Checks a document of the hosted service. Unknown keys are only reported to `reportUnknownKey`, so that a newer
 * service does not break this tool. Reports each finding, and returns the value itself or null. It does not return
 * zod's output, because its keys are in the order of the schema, which would change the `version_id` of workflows.
 */
export function checkDocument<S extends z.ZodMiniType>(
  schema: S,
  value: unknown,
  report: ReportFinding,
  reportUnknownKey?: (finding: UnknownKey) => void,
): z.output<S> | null {
  const { findings, unknownKeys } = collectMergedFindings(schema, value);
  for (const finding of unknownKeys) reportUnknownKey?.(finding);
  return reportFindings<S>(value, findings, report);
}

/**
 * Checks a request, or a document whose format this tool owns. Unknown keys are findings. Reports each finding, and
 * returns the value itself or null.
 */
export function checkClosedDocument<S extends z.ZodMiniType>(
  schema: S,
  value: unknown,
  report: ReportFinding,
): z.output<S> | null {
  return reportFindings<S>(value, collectMergedFindings(schema, value, true).findings, report);
}

/** Returns the undeclared keys of a document, each with the nearest declared key. */
export function findUnknownKeys(schema: z.ZodMiniType, value: unknown): Finding[] {
  return collectFindings(schema, value).unknownKeys.map(({ missingKey: _, ...finding }) => finding);
}
