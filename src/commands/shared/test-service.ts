import type { ReportedFile, TestReport } from "../../domain/scenario/test-report.js";
import type { ValidationReport } from "../../domain/validation/project-finding.js";
import type { TargetFlags } from "../services.js";

/** Which scenarios `knock test` runs, and how. */
export interface TestOptions {
  /** Files, folders and workflow keys as typed. Empty for all scenarios of the project. */
  paths: readonly string[];
  /** A part of the names of the scenarios to run, or /a pattern/; null runs all. */
  filter: string | null;
  /** Whether the run ends at the first failure. */
  bail: boolean;
  /** Whether snapshots are compared only, or new ones are added, or all are updated. */
  snapshots: "compare" | "add" | "update";
  /** The seed of IDs and random numbers. */
  seed: string;
  /** The time limit of one scenario, in milliseconds. */
  timeoutMs: number;
  /** The number of times that each scenario runs. */
  repeat: number;
  /** The part of the scenarios that runs; `index` counts from 1. Null runs all. */
  shard: { index: number; count: number } | null;
  /** Runs only scenarios of workflows that differ from this git revision; null runs all. */
  changedSince: string | null;
  /** The largest number of threads; null for one per processor. */
  workers: number | null;
  /** Whether the emails of scenarios are checked, and whether their problems are errors. */
  emails: { strict: boolean } | null;
  /** Whether the parts of workflows that scenarios reach are recorded. Coverage and mutation need it. */
  recordsReached: boolean;
  /** Whether the messages of each scenario are recorded for a reporter. */
  recordsDetails: boolean;
  /** Whether coverage is reported, and the percentage that it must reach. */
  coverage: { threshold: number | null } | null;
  /** Whether the scenarios are run against mutants of the workflows. */
  mutate: boolean;
}

/** The files and the CI system that the reporters of `knock test` write to, in addition to the output. */
export interface ReportService {
  /** Whether GitHub Actions runs the command. */
  isGitHubActions(): boolean;
  /** Returns a path relative to the repository that GitHub Actions has checked out. */
  toWorkspacePath(path: string): string;
  /** Appends Markdown to the job summary of GitHub Actions, if there is one. */
  appendJobSummary(markdown: string): void;
  /** Returns the page of the `html` reporter, without results. Throws `report_failed` if there is no build. */
  readReportPage(): string;
  /** Writes a file atomically, and its folder if it does not exist. Throws `report_failed`. */
  writeReport(path: string, text: string): void;
}

export interface TestService extends ReportService {
  /** Whether the command runs in CI, where snapshots are only compared. */
  isCI(): boolean;
  /** Runs scenarios. `onFile` receives the results of each file. Throws `project_missing`. */
  runTests(options: TestOptions, flags: TargetFlags, onFile: (file: ReportedFile) => void): Promise<TestReport>;
}

export interface ValidationService extends Pick<ReportService, "toWorkspacePath"> {
  /** Returns the version of this tool. */
  getVersion(): string;
  /**
   * Checks the project's files, or the workflows with these keys. With `fixes`, changes the files so that findings with
   * a suggestion disappear. Throws `project_missing` or `workflow_missing`, and
   * `project_invalid` for an invalid knock.json.
   */
  validateProject(
    keys: readonly string[],
    flags: TargetFlags,
    options: { checksEmails: boolean; fixes: boolean },
  ): Promise<ValidationReport>;
}
