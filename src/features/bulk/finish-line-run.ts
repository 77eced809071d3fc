import type { NotifyFileFlags } from "../../commands/shared/notify-flags.js";
import type { CommandContext } from "../../context/command-context.js";
import { VERDICT_EXIT_CODES } from "../../domain/run/outcome-verdict.js";
import { ERROR_CODES, EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { resolveFormat } from "../../input/trigger-payload.js";
import type { Output } from "../../output/output.js";
import { formatDuration } from "../../util/duration.js";
import { formatNumber } from "../../util/format-count.js";
import { createBulkFiles } from "./bulk-files.js";
import type { Journal } from "./journal.js";
import type { LineSummary } from "./line-results.js";
import type { LineRun, LineRunFiles } from "./line-run.js";
import type { InputProgress } from "./watch-input.js";

/** A rate of fewer lines says little. */
const MIN_LINES_FOR_RATE = 100;

/** Prints the numbers of a run whose results are in a file. */
function printLineSummary(summary: LineSummary, output: Output): void {
  const { colors: paint, verbosity } = output;
  if (verbosity.json) return output.json(summary);
  if (verbosity.quiet) return;
  const { lines, triggered, failed, skipped, replayed, duration_ms } = summary;
  const handled = Math.max(0, lines - skipped);
  const duration = duration_ms < 1_000 ? duration_ms : Math.round(duration_ms / 1_000) * 1_000;
  const rate =
    handled < MIN_LINES_FOR_RATE
      ? ""
      : `, ${formatNumber(Math.round(handled / (duration_ms / 1_000)))} lines per second`;
  const parts = [
    `${formatNumber(triggered)} of ${formatNumber(lines)} lines triggered`,
    ...(failed > 0 ? [paint.red(`${formatNumber(failed)} failed`)] : []),
    ...(skipped > 0 ? [`${formatNumber(skipped)} skipped (their results are in the journal)`] : []),
    ...(replayed > 0 ? [`${formatNumber(replayed)} triggered before with the same idempotency key`] : []),
  ];
  output.line(`${failed > 0 ? paint.red("✗") : paint.green("✓")} ${parts.join(" · ")}`);
  output.line(paint.dim(`  in ${formatDuration(duration)}${rate}; results: ${summary.output}`));
}

interface EndedRun {
  flags: NotifyFileFlags;
  files: LineRunFiles;
  progress: InputProgress;
  inputName: string;
  startedAt: number;
  error: unknown;
}

/** Closes the files, prints the counts of handled lines, and sets the exit code. */
export async function finishLineRun(run: LineRun, ended: EndedRun, context: CommandContext): Promise<void> {
  const { flags, files, progress, inputName, error } = ended;
  const { output } = context;
  const { journal, results } = files;
  results?.close();
  const counts = sumCounts(run, files);
  const inputProblem = error === null && !context.signal.aborted ? await describeInputChange(ended, context) : null;
  const isComplete = error === null && !context.signal.aborted && inputProblem === null && counts.failed === 0;
  const isEmpty = counts.triggered + counts.failed === 0 && run.interruptedLines === 0;
  const isKept = journal !== null && !isEmpty && !(isComplete && flags.journal === undefined);
  if (journal !== null && isKept) journal.close();
  else journal?.delete();
  const failures = classifyFailures(run, journal, flags.retryFailed ?? false);
  const flagsToContinue = failures.areRetryable ? "--resume and --retry-failed" : "--resume";
  const resumeHint = isKept ? `; run the command again with ${flagsToContinue} to continue` : "";
  const text = formatCounts(counts);
  if (error !== null) {
    // If no line was handled, the error needs no counts.
    if (run.lastLine > 0)
      output.note(
        `stopped in ${inputName} after line ${run.lastLine}: ${text}; later lines were not triggered${resumeHint}`,
      );
  } else if (context.signal.aborted)
    output.note(
      `interrupted in ${inputName} after line ${run.lastLine}: ${text}${formatInterrupted(run)}${resumeHint}`,
    );
  else if (isEmpty)
    throw new KnockError("usage", `${inputName} contains no payload`, {
      hint:
        resolveFormat(flags) === "csv"
          ? "Write the names of the columns into the first row, such as key,recipients,data.page, and one payload into each further row."
          : 'Write one JSON object per line, for example {"key":"welcome","recipients":["ada"]}.',
    });
  else if (results !== null) {
    const duration_ms = Math.round(context.now() - ended.startedAt);
    const kept = isKept ? (journal?.path ?? null) : null;
    printLineSummary(
      { ...counts, duration_ms, output: results.path, journal: kept, lines: counts.triggered + counts.failed },
      output,
    );
  }
  // With --json, the last line of standard error must be the error's document.
  else if ((counts.failed > 0 || counts.skipped > 0) && !flags.json) output.note(`${inputName}: ${text}`);
  if (inputProblem !== null) output.warn(inputProblem);
  if (isKept && error === null && !context.signal.aborted && counts.failed > 0 && !flags.json)
    output.note(`the failed lines are recorded in ${journal?.path}; ${describeNextStep(failures)}`);
  const code = computeLinesExitCode(run, counts);
  context.setExitCode(inputProblem !== null && code === EXIT.success ? EXIT.partial : code);
  progress.end();
  await output.flush(context.signal);
}

/** The numbers of lines, together with those that earlier runs have recorded. */
interface LineCounts {
  triggered: number;
  failed: number;
  /** Lines that this run skipped, because an earlier run has handled them. */
  skipped: number;
  /** Triggers that the target had accepted before with the same idempotency key. */
  replayed: number;
  workflow_runs: number;
}

function sumCounts({ counts }: LineRun, { journal }: LineRunFiles): LineCounts {
  const previous = journal?.previous ?? { triggered: 0, failed: 0 };
  return {
    triggered: counts.triggered + previous.triggered,
    failed: counts.failed + previous.failed - counts.retried,
    skipped: counts.skipped,
    replayed: counts.replayed,
    workflow_runs: counts.workflowRuns,
  };
}

function formatLines(count: number): string {
  return count === 1 ? "1 line" : `${formatNumber(count)} lines`;
}

function formatInterrupted({ interruptedLines: count }: LineRun): string {
  return count === 0
    ? ""
    : `, ${formatLines(count)} interrupted (the API may have triggered ${count === 1 ? "it" : "them"})`;
}

function formatCounts({ triggered, failed, skipped, replayed }: LineCounts): string {
  return [
    `${formatLines(triggered)} triggered`,
    ...(failed > 0 ? [`${formatLines(failed)} failed`] : []),
    ...(skipped > 0 ? [`${formatLines(skipped)} skipped (their results are in the journal)`] : []),
    ...(replayed > 0 ? [`${formatNumber(replayed)} triggered before with the same idempotency key`] : []),
  ].join(", ");
}

/**
 * Returns the exit code: 10 if a wait timed out, 1 if a rule is not met, and 9 if some lines succeeded and others
 * failed. If every line was rejected with the same exit code, returns that code, as for a single trigger; otherwise 1
 * if everything failed. Met expectations decide only if no line was rejected.
 */
function computeLinesExitCode(run: LineRun, { triggered, failed }: LineCounts): number {
  if (run.isTimedOut) return EXIT.timed_out;
  if (!run.areRulesMet) return EXIT.failure;
  const verdicts = run.getVerdicts();
  if (failed === 0) {
    if (run.hasRules) return EXIT.success;
    const [verdict = "succeeded"] = verdicts;
    return VERDICT_EXIT_CODES[verdicts.size > 1 ? "partial" : verdict];
  }
  const [errorExit] = run.errorExits;
  // A failed line with several parts may have triggered some of its recipients.
  if (triggered === 0 && run.counts.workflowRuns > 0) return EXIT.partial;
  if (triggered === 0)
    return run.errorExits.size === 1 && errorExit !== undefined ? errorExit : VERDICT_EXIT_CODES.failed;
  return VERDICT_EXIT_CODES[verdicts.size === 1 && verdicts.has("failed") ? "failed" : "partial"];
}

/** Whether some failed lines have to be corrected, and whether others may be accepted unchanged. */
interface Failures {
  areInvalid: boolean;
  areRetryable: boolean;
}

/** Classifies the lines that failed in this run or, unless this run has retried them, in an earlier one. */
function classifyFailures(run: LineRun, journal: Journal | null, areRetried: boolean): Failures {
  const codes = [...run.failureCodes, ...(areRetried ? [] : (journal?.previousFailureCodes ?? []))];
  const isInvalid = (code: string): boolean =>
    Object.entries(ERROR_CODES).some(([known, { exit }]) => known === code && exit === EXIT.invalid_input);
  return { areInvalid: codes.some(isInvalid), areRetryable: codes.some((code) => !isInvalid(code)) };
}

/** A corrected file no longer matches its journal, and another journal would trigger all of its lines again. */
function describeNextStep({ areInvalid, areRetryable }: Failures): string {
  if (!areInvalid) return "run the command again with --retry-failed to trigger them";
  if (!areRetryable) return "do not correct them in this file, but write corrected lines to a file of their own";
  return "run the command again with --retry-failed to trigger the valid ones, and write corrected lines to a file of their own";
}

/** Returns how the size of the input file changed after the run has started; null if it did not. */
export async function findSizeChange(
  { expected, bytes }: InputProgress,
  { file }: NotifyFileFlags,
  context: CommandContext,
): Promise<"shorter" | "longer" | null> {
  if (expected === null) return null;
  if (bytes < expected.size) return "shorter";
  const current = await createBulkFiles(context.io).inspectInput(file, 0);
  return current !== null && current.fileSize > expected.size ? "longer" : null;
}

/** Returns a warning if the input file changed while it was read; otherwise null. */
async function describeInputChange(
  { progress, flags, files }: EndedRun,
  context: CommandContext,
): Promise<string | null> {
  const { expected, bytes, incompleteLine } = progress;
  if (expected === null) return null;
  const path = flags.file;
  const change = await findSizeChange(progress, flags, context);
  if (change === "shorter")
    return `${path} became shorter while it was read (${formatNumber(bytes)} of ${formatNumber(expected.size)} bytes): the missing lines were not triggered.`;
  if (progress.digest() !== expected.sha256)
    return `${path} changed while it was read: some lines may have been triggered with old content, others with new content.`;
  if (change === null) return null;
  const missing =
    incompleteLine === null
      ? `lines after byte ${formatNumber(expected.size)}`
      : `line ${formatNumber(incompleteLine)}, which was incomplete, and later lines`;
  const resume =
    files.journal === null ? "Trigger the missing lines with another file" : "Run the command again with --resume";
  return `${path} became longer while it was read: ${missing} were not triggered. ${resume} to trigger them.`;
}
