import type { Output } from "../../../output/output.js";
import type { ReportedFile, TestReport } from "../../../scenarios/test-report.js";

/** The output and the services that a reporter writes to. */
export interface ReporterContext {
  /** The output of the reporter: its file, or standard output. Only the terminal reporter's has colors. */
  output: Output;
  /** Returns a path as annotations of GitHub Actions name it: relative to the repository. */
  toWorkspacePath(path: string): string;
  /** Appends Markdown to the job summary of GitHub Actions, if there is one. */
  appendJobSummary(markdown: string): void;
  /** Returns the page of the report, in which a placeholder stands for the results. Throws `report_failed`. */
  readReportPage(): string;
}

/** Reports the results of `knock test` in one format. */
export interface Reporter {
  /** Reports the results of a file as soon as its scenarios have ended. */
  addFile?(file: ReportedFile): void;
  /** Reports all results. */
  finish(report: TestReport): void | Promise<void>;
}

export type CreateReporter = (context: ReporterContext) => Reporter;

/** A format of results that `--reporter` selects by its name. */
export interface ReporterDefinition {
  /** Whether it prints to standard output or to a file. Others reach their reader in another way. */
  hasDocument: boolean;
  /** Whether it reports the messages of each scenario. */
  needsDetails?: true;
  load(): Promise<CreateReporter>;
}
