/** Reports a finding: its path below the checked value, and a sentence without the location. */
export type ReportFinding = (path: PropertyKey[], message: string) => void;

/** Returns a function that reports findings below a path. */
export function reportBelow(report: ReportFinding, ...base: PropertyKey[]): ReportFinding {
  return (path, message) => report([...base, ...path], message);
}
