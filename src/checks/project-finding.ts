import type * as z from "zod/mini";
import { describeFinding } from "../domain/findings/describe-finding.js";
import { FINDING_CODES, isFindingCode } from "../domain/validation/finding-codes.js";
import { formatLocatedFinding, type LocatedFinding } from "../domain/validation/located-finding.js";
import type { KnockError } from "../errors/knock-error.js";
import { applySilencers, describeUnusedSilencer, type Silencer } from "./silencer.js";
import type { validationReportSchema } from "./validation-report-schema.js";

/** The report of `knock validate`. */
export type ValidationReport = z.infer<typeof validationReportSchema>;

/** A problem of a project, with its location. */
export type ProjectFinding = ValidationReport["findings"][number];

interface ReportOptions {
  /** The number of checked files. */
  files: number;
  silencers?: readonly Silencer[];
  /** Returns whether a silencer that accepted no finding is reported. */
  isExpected?: (silencer: Silencer) => boolean;
}

/** Matches the location at the start of an error's message. */
const LOCATION = /^(?<file>[^\n:]+(?::[^\n:]+)*?):(?<line>\d+):(?<column>\d+): (?<message>.*)$/s;
/** Matches the file at the start of an error's message without a line. */
const FILE = /^(?<file>[^\s:]+\.\w+):? (?<message>.*)$/s;

/** Returns the findings of an error about a project's file, one for each detail with a location. */
export function toLocatedFindings(error: KnockError, fallbackFile: string): LocatedFinding[] {
  const { details, hint } = error;
  const code = isFindingCode(error.code) ? error.code : "project_invalid";
  const located = details.flatMap((detail): LocatedFinding[] => {
    const { file, line, column, pointer, suggested_key } = detail;
    if (file === undefined || line === undefined || column === undefined) return [];
    return [{ code, message: describeFinding(detail), file, line, column, pointer, hint, suggested_key }];
  });
  if (located.length > 0) return located;
  const pointer = details[0]?.pointer ?? "";
  const atLine = LOCATION.exec(error.message)?.groups;
  if (atLine !== undefined) {
    const { file = fallbackFile, message = "", line, column } = atLine;
    return [{ code, message, file, line: Number(line), column: Number(column), pointer, hint }];
  }
  const { file = fallbackFile, message = error.message } = FILE.exec(error.message)?.groups ?? {};
  return [{ code, message, file, line: 1, column: 1, pointer, hint }];
}

function compareFindings(a: ProjectFinding, b: ProjectFinding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** Returns findings without duplicates, in the order of their locations. */
function toProjectFindings<T extends LocatedFinding>(located: readonly T[]): (T & ProjectFinding)[] {
  const byLine = new Map<string, T & ProjectFinding>();
  for (const { hint, suggested_key, ...finding } of located) {
    const { code } = finding;
    byLine.set(`${code} ${formatLocatedFinding(finding)}`, {
      ...finding,
      severity: FINDING_CODES[code],
      ...(hint === undefined ? {} : { hint }),
      ...(suggested_key === undefined ? {} : { suggested_key }),
      docs: `docs/troubleshooting.md#${code}`,
    } as T & ProjectFinding);
  }
  return [...byLine.values()].sort(compareFindings);
}

/** Builds the report of findings: without duplicates, in the order of their locations. */
export function buildValidationReport(
  located: readonly LocatedFinding[],
  { files, silencers = [], isExpected = () => true }: ReportOptions,
): ValidationReport {
  const { findings: kept, silenced, unused } = applySilencers(located, silencers);
  const findings = toProjectFindings([...kept, ...unused.filter(isExpected).map(describeUnusedSilencer)]);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return {
    findings,
    silenced: toProjectFindings(silenced),
    summary: { errors, warnings: findings.length - errors, files },
  };
}
