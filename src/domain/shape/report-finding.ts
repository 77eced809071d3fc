/** Called for each fault of what is read: where it is below the value, and what is wrong. */
export type ReportFinding = (path: PropertyKey[], message: string) => void;

/** Returns a function that reports faults below a path. */
export function reportBelow(report: ReportFinding, ...base: PropertyKey[]): ReportFinding {
  return (path, message) => report([...base, ...path], message);
}
