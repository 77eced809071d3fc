/** The parts of a workflow that scenarios can reach, in the order of reports. */
export const COVERAGE_KINDS = ["steps", "branches", "conditions", "templates", "reasons"] as const;
export type CoverageKind = (typeof COVERAGE_KINDS)[number];
