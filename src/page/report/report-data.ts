import type * as z from "zod/mini";
import type { CoverageDiagram } from "../../scenarios/build-coverage-diagram.js";
import { COVERAGE_KINDS } from "../../scenarios/coverage-kinds.js";
import type { ObservedMessage } from "../../scenarios/observed.js";
import type { testReportSchema } from "../../scenarios/test-report-schema.js";
import type { JsonObject } from "../../util/json.js";

type TestReport = z.infer<typeof testReportSchema>;
type ReportedFile = TestReport["files"][number];

/** A message of a scenario, with the content of its stored snapshot if it differs. */
export type ReportedMessage = ObservedMessage & { previous: JsonObject | null };

export type ReportedScenario = Omit<ReportedFile["scenarios"][number], "failures"> & {
  /** The comparisons as lines of text, with why the engine decided as it did. */
  failures: { step: number; subject: string; text: string[]; line: number }[];
  /** Null if the messages of all scenarios together are too long for a report. */
  messages: ReportedMessage[] | null;
};

/** The problems that `--emails` found. */
export type EmailReport = NonNullable<TestReport["emails"]>;

/** The results of `knock test`, which the reporter writes into the page. */
export type ReportData = Omit<TestReport, "files"> & {
  files: (Omit<ReportedFile, "scenarios"> & { scenarios: ReportedScenario[] })[];
  diagrams: CoverageDiagram[];
};

/** Returns the shares of a workflow as text, such as `steps 5 of 6`. */
export function formatShares(shares: NonNullable<TestReport["coverage"]>["total"]): string {
  return COVERAGE_KINDS.filter((name) => shares[name].total > 0)
    .map((name) => `${name} ${shares[name].covered} of ${shares[name].total}`)
    .join(" · ");
}
