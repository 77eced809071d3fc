/**
 * Reports a finding: its path below the checked value, a sentence without the location, and for an unknown key its only
 * possible correction.
 */
export type ReportFinding = (path: PropertyKey[], message: string, suggestedKey?: string) => void;

/** Returns a function that reports findings below a path. */
export function reportBelow(report: ReportFinding, ...base: PropertyKey[]): ReportFinding {
  return (path, ...rest) => report([...base, ...path], ...rest);
}
