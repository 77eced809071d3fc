import type { Expectation } from "../../domain/run/expectation.js";
import { VERDICT_EXIT_CODES } from "../../domain/run/outcome-verdict.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { type PayloadLine, readPayloadLines } from "../../input/payload-lines.js";
import { formatInputName } from "../../input/trigger-payload.js";
import { printLineSummary } from "../../output/print-line-summary.js";
import { RateLimiter } from "../../util/rate-limiter.js";
import type { CommandContext } from "../context.js";
import { type BulkOptions, parseBulkOptions } from "./bulk-flags.js";
import { dispatchLines, performInOrder } from "./dispatch-lines.js";
import { checkRuleSteps } from "./expectations.js";
import { addLineLocation, LineRun, type LineRunFiles } from "./line-run.js";
import type { NotifyFlags } from "./notify-flags.js";
import { openLineFiles } from "./open-line-files.js";
import { checkAgainstProject, checkRecipients } from "./trigger-and-wait.js";
import { formatCount, InputProgress, watchInput } from "./watch-input.js";

/** Limits the characters of all lines together, because `--all-or-nothing` keeps every line in memory. */
const MAX_CHARACTERS_MILLIONS = 64;

/** Reads and checks every line before any is triggered. Throws the first error. */
async function checkAllLines(
  groups: AsyncIterable<PayloadLine[]>,
  run: LineRun,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<PayloadLine[][]> {
  const checked: PayloadLine[][] = [];
  let size = 0;
  for await (const group of groups) {
    for (const line of group) {
      try {
        const triggers = run.parse(line);
        run.countRecipients(triggers);
        await checkRecipients(triggers, flags, context);
        for (const trigger of triggers) await checkAgainstProject(trigger, flags, context);
      } catch (error) {
        throw error instanceof KnockError ? addLineLocation(error, line) : error;
      }
      size += line.size;
    }
    checked.push(group);
    if (size > MAX_CHARACTERS_MILLIONS * 1_000_000)
      throw new KnockError(
        "payload_too_large",
        `--all-or-nothing reads up to ${MAX_CHARACTERS_MILLIONS} million characters`,
        {
          hint: "Split the file, or omit --all-or-nothing to trigger lines as they are read.",
        },
      );
  }
  if (context.input.isInterrupted())
    throw new KnockError("interrupted", "interrupted while checking lines", { hint: "Nothing was triggered." });
  return checked;
}

/**
 * Triggers a workflow for each line of a file or stream, as the lines arrive and in constant memory. A line that fails
 * is reported with its location and does not stop the others.
 */
export async function notifyLines(
  workflow: string | null,
  flags: NotifyFlags,
  rules: readonly Expectation[],
  context: CommandContext,
): Promise<void> {
  context.project.cacheFiles();
  // The workflows of a stream are not known in advance, so a rule may name a step of any workflow of the project.
  await checkRuleSteps(rules, workflow === null ? null : [workflow], flags, context);
  const target = await context.settings.getTarget(flags);
  const options = parseBulkOptions(flags, target);
  const progress = new InputProgress(context.now);
  const files: LineRunFiles & { isSkipped: (line: number) => boolean } = {
    journal: null,
    results: null,
    seed: null,
    isSkipped: () => false,
  };
  const { groups, overrides } = await readPayloadLines(flags, context.input, {
    watchChunks: (chunks) => watchInput(chunks, progress),
    isSkipped: (line) => files.isSkipped(line),
  });
  const startedAt = context.now();
  const { now, sleep } = context;
  const limiter = new RateLimiter({ maxPerSecond: options.maxPerSecond, now, sleep });
  const run = new LineRun(workflow, flags, rules, options, files, limiter, target, context);
  Object.assign(files, await openLineFiles({ workflow, flags, options, overrides, target, progress }, context));
  files.isSkipped = (line) => isSkipped(line, options, files, run);
  const inputName = formatInputName(flags.file as string);
  context.output.startBuffering();
  let error: unknown = null;
  try {
    const checked = flags.allOrNothing ? toAsync(await checkAllLines(groups, run, flags, context)) : groups;
    await showProgress(progress, run, options, context, () =>
      options.concurrency > 1
        ? dispatchLines(checked, run, options.concurrency, context)
        : performInOrder(checked, run, flags, context),
    );
  } catch (thrown) {
    error = thrown;
  }
  try {
    await finish(run, { flags, options, files, progress, inputName, startedAt, error }, context);
  } catch (thrown) {
    // If writing the last results also fails, the first error is reported.
    error ??= thrown;
  }
  if (error !== null) throw error;
  await run.printFileWarnings();
}

interface EndedRun {
  flags: NotifyFlags;
  options: BulkOptions;
  files: LineRunFiles;
  progress: InputProgress;
  inputName: string;
  startedAt: number;
  error: unknown;
}

/** Closes the files, prints the counts of handled lines, and sets the exit code. */
async function finish(run: LineRun, ended: EndedRun, context: CommandContext): Promise<void> {
  const { flags, files, progress, inputName, error } = ended;
  const { output } = context;
  const { journal, results } = files;
  results?.close();
  const counts = sumCounts(run, files);
  const inputProblem = error === null && !context.signal.aborted ? await describeInputChange(ended, context) : null;
  const isComplete = error === null && !context.signal.aborted && inputProblem === null && counts.failed === 0;
  const isEmpty = counts.triggered + counts.failed === 0;
  const isKept = journal !== null && !isEmpty && !(isComplete && flags.journal === undefined);
  if (journal !== null && isKept) journal.close();
  else journal?.delete();
  const flagsToContinue = counts.failed > 0 ? "--resume and --retry-failed" : "--resume";
  const resumeHint = isKept ? `; run the command again with ${flagsToContinue} to continue` : "";
  const text = formatCounts(counts);
  if (error !== null) {
    // If no line was handled, the error needs no counts.
    if (run.lastLine > 0)
      output.note(
        `stopped in ${inputName} after line ${run.lastLine}: ${text}; later lines were not triggered${resumeHint}`,
      );
  } else if (context.signal.aborted)
    output.note(`interrupted in ${inputName} after line ${run.lastLine}: ${text}${resumeHint}`);
  else if (isEmpty)
    throw new KnockError("usage", `${inputName} contains no payload`, {
      hint: 'Write one JSON object per line, for example {"key":"welcome","recipients":["ada"]}.',
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
    output.note(
      `the failed lines are recorded in ${journal?.path}; run the command again with --retry-failed to trigger them`,
    );
  const code = computeExitCode(run, counts);
  context.setExitCode(inputProblem !== null && code === EXIT.success ? EXIT.partial : code);
  progress.end();
  await output.flush(context.signal);
}

/** Returns whether a line was handled by an earlier run, and counts it. */
function isSkipped(
  line: number,
  { retriesFailed, isResumed }: BulkOptions,
  { journal }: LineRunFiles,
  run: LineRun,
): boolean {
  const status = journal?.getPreviousStatus(line) ?? null;
  const skipped = status === null ? retriesFailed && !isResumed : status === "triggered" || !retriesFailed;
  if (skipped) run.counts.skipped++;
  return skipped;
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
  return count === 1 ? "1 line" : `${formatCount(count)} lines`;
}

function formatCounts({ triggered, failed, skipped, replayed }: LineCounts): string {
  return [
    `${formatLines(triggered)} triggered`,
    ...(failed > 0 ? [`${formatLines(failed)} failed`] : []),
    ...(skipped > 0 ? [`${formatLines(skipped)} skipped (their results are in the journal)`] : []),
    ...(replayed > 0 ? [`${formatCount(replayed)} triggered before with the same idempotency key`] : []),
  ].join(", ");
}

/**
 * Returns the exit code: 10 if a wait timed out, 1 if a rule is not met, and 9 if some lines succeeded and others
 * failed. If every line was rejected with the same exit code, returns that code, as for a single trigger; otherwise 1
 * if everything failed. Met expectations decide only if no line was rejected.
 */
function computeExitCode(run: LineRun, { triggered, failed }: LineCounts): number {
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

/** Returns a warning if the input file changed while it was read; otherwise null. */
async function describeInputChange(
  { progress, flags, files }: EndedRun,
  context: CommandContext,
): Promise<string | null> {
  if (progress.expected === null) return null;
  const path = flags.file as string;
  const bulk = await context.openBulkFiles();
  const current = await bulk.inspectInput(path, 0);
  const resume =
    files.journal === null ? "Trigger the missing lines with another file" : "Run the command again with --resume";
  if (progress.bytes < progress.expected.size)
    return `${path} became shorter while it was read (${formatCount(progress.bytes)} of ${formatCount(progress.expected.size)} bytes): the missing lines were not triggered.`;
  if (progress.digest() !== progress.expected.sha256)
    return `${path} changed while it was read: some lines may have been triggered with old content, others with new content.`;
  if (current !== null && current.fileSize > progress.expected.size)
    return `${path} became longer while it was read: lines after byte ${formatCount(progress.expected.size)} were not triggered. ${resume} to trigger them.`;
  return null;
}

async function* toAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** Shows the progress of a run, unless results are printed to the same terminal. */
function showProgress(
  progress: InputProgress,
  run: LineRun,
  options: BulkOptions,
  context: CommandContext,
  work: () => Promise<void>,
): Promise<void> {
  const { output } = context;
  if (output.isTerminal && options.output === null) return work();
  return output.showProgress("reading", async (setText) => {
    progress.start(() => setText(progress.describe({ ...run.handled, skipped: run.counts.skipped })));
    await work();
  });
}
