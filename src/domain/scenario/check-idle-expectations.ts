import { parseExpectation } from "../run/expectation.js";
import { summarizeOutcomes } from "../run/outcome.js";
import type { ReportFinding } from "../shape/report-finding.js";

const MESSAGE = "is checked before the first action, so it can never fail";

/** Returns whether nothing that happened meets a rule. Invalid rules are reported elsewhere. */
function isMetByNothing(rule: unknown): boolean {
  try {
    return parseExpectation(String(rule)).check({ recipients: [], summary: summarizeOutcomes([]) }) === null;
  } catch {
    return false;
  }
}

const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Reports the parts of an expectation before the first action that are met because nothing has happened yet. */
export function reportIdleExpectations(expected: unknown, report: ReportFinding): void {
  if (typeof expected !== "object" || expected === null) return;
  const isList = Array.isArray(expected);
  const { rules, messages, no_messages, no_runs } = (isList ? { rules: expected } : expected) as Record<
    string,
    unknown
  >;
  for (const [index, rule] of toList(rules).entries())
    if (isMetByNothing(rule)) report(isList ? [index] : ["rules", index], MESSAGE);
  for (const [index, entry] of toList(messages).entries())
    if ((entry as { count?: unknown } | null)?.count === 0) report(["messages", index], MESSAGE);
  if (no_messages === true || toList(no_messages).length > 0) report(["no_messages"], MESSAGE);
  if (toList(no_runs).length > 0) report(["no_runs"], MESSAGE);
}
