import type * as z from "zod/mini";
import type { JsonObject } from "../util/json.js";
import type { CoverageDiagram } from "./build-coverage-diagram.js";
import type { ExpectationFailure } from "./expectation-failure.js";
import type { ObservedMessage } from "./observed.js";
import type { testReportSchema } from "./test-report-schema.js";

/** A message of a scenario. */
export interface ScenarioMessage extends ObservedMessage {
  /** The content of its stored snapshot, if it differs. */
  previous: JsonObject | null;
}

/** Results that are not part of the JSON document. */
interface TestDetails {
  /** The messages of each scenario, by file, in the order of the results. */
  messages: ScenarioMessage[][][];
  /** The workflows with their coverage; empty without coverage. */
  diagrams: CoverageDiagram[];
}

/** The results of `knock test`. */
export type TestReport = z.infer<typeof testReportSchema> & {
  /** Null unless a reporter needs them. */
  details: TestDetails | null;
};
/** The results of a file. */
export type ReportedFile = TestReport["files"][number];
/** The result of a scenario, with its positions in the file. */
export type ReportedScenario = ReportedFile["scenarios"][number];
/** The problems of the emails that scenarios sent. */
export type EmailReport = NonNullable<TestReport["emails"]>;
export type ScenarioStatus = ReportedScenario["status"];

/** A position in a file, counted from 1. */
export interface FilePosition {
  line: number;
  column: number;
}

type WithoutPosition<T> = Omit<T, keyof FilePosition>;

/** An expectation that was not met, before its position is known. */
export type ScenarioFailure = WithoutPosition<ReportedScenario["failures"][number]> & ExpectationFailure;

/** The result of a scenario, before its positions are known. */
export interface ScenarioResult extends WithoutPosition<Omit<ReportedScenario, "failures" | "error">> {
  failures: ScenarioFailure[];
  /** Set if the status is `broken`, with the path in the file. */
  error: (WithoutPosition<NonNullable<ReportedScenario["error"]>> & { location: readonly (string | number)[] }) | null;
}

/** Counts the results of files. A file that could not be read is one broken scenario. */
export function summarizeFiles(files: readonly ReportedFile[]): TestReport["summary"] {
  const statuses = files.flatMap(({ scenarios, error }) => [
    ...scenarios.map(({ status }) => status),
    ...(error === null ? [] : ["broken" as const]),
  ]);
  const count = (status: ScenarioStatus): number => statuses.filter((found) => found === status).length;
  return {
    files: files.length,
    scenarios: statuses.length,
    passed: count("passed"),
    failed: count("failed"),
    broken: count("broken"),
    skipped: count("skipped"),
  };
}
