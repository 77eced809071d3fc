import { checkRuleSteps } from "../../commands/shared/expectations.js";
import type { NotifyFileFlags } from "../../commands/shared/notify-flags.js";
import { checkAgainstProject, checkRecipients } from "../../commands/shared/trigger-and-wait.js";
import type { CommandContext } from "../../context/command-context.js";
import type { Expectation } from "../../domain/run/expectation.js";
import { KnockError } from "../../errors/knock-error.js";
import { type PayloadLine, readPayloadLines } from "../../input/payload-lines.js";
import { formatInputName } from "../../input/trigger-payload.js";
import { RateLimiter } from "../../util/rate-limiter.js";
import { type BulkOptions, parseBulkOptions } from "./bulk-flags.js";
import { dispatchLines, performInOrder } from "./dispatch-lines.js";
import { findSizeChange, finishLineRun } from "./finish-line-run.js";
import { addLineLocation, LineRun, type LineRunFiles } from "./line-run.js";
import { openLineFiles } from "./open-line-files.js";
import { InputProgress, watchInput } from "./watch-input.js";

/** Limits the characters of all lines together, because `--all-or-nothing` keeps every line in memory. */
const MAX_CHARACTERS_MILLIONS = 64;
/** A wait between two requests that does not end at a signal. */
const MAX_UNINTERRUPTED_MS = 100;

/** Reads and checks every line before any is triggered. Throws the first error. */
async function checkAllLines(
  groups: AsyncIterable<PayloadLine[]>,
  run: LineRun,
  flags: NotifyFileFlags,
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
  flags: NotifyFileFlags,
  rules: readonly Expectation[],
  context: CommandContext,
): Promise<void> {
  context.project.cacheFiles();
  // The workflows of a stream are not known in advance, so a rule may name a step of any workflow of the project.
  await checkRuleSteps(rules, workflow === null ? null : [workflow], flags, context);
  const target = await context.settings.getTarget(flags);
  const options = parseBulkOptions(flags, target);
  const progress = new InputProgress(context.now);
  const files: LineRunFiles & { isSkipped: (line: number, end: number) => boolean } = {
    journal: null,
    results: null,
    seed: null,
    isSkipped: () => false,
  };
  const { groups, overrides } = await readPayloadLines(flags, context.input, {
    watchChunks: (chunks) => watchInput(chunks, progress),
    isSkipped: (line, end) => files.isSkipped(line, end),
    async isIncomplete(line) {
      if ((await findSizeChange(progress, flags, context)) === null) return false;
      progress.incompleteLine = line;
      return true;
    },
  });
  const startedAt = context.now();
  const { now } = context;
  // A wait that a signal can end costs several microseconds, and most waits between two requests are short.
  const sleep = (milliseconds: number): Promise<void> =>
    context.sleep(milliseconds, milliseconds > MAX_UNINTERRUPTED_MS ? context.signal : undefined);
  const limiter = new RateLimiter({ maxPerSecond: options.maxPerSecond, now, sleep });
  const run = new LineRun(workflow, flags, rules, options, files, limiter, target, context);
  Object.assign(files, await openLineFiles({ workflow, flags, options, overrides, target, progress }, context));
  run.countEarlierRecipients();
  files.isSkipped = (line, end) => {
    if (!isSkipped(line, options, files)) return false;
    run.counts.skipped++;
    run.addHandledBytes(end);
    return true;
  };
  const inputName = formatInputName(flags.file);
  context.output.startBuffering();
  let error: unknown = null;
  try {
    const checked = flags.allOrNothing ? toAsync(await checkAllLines(groups, run, flags, context)) : groups;
    await showProgress(progress, run, options, context, () =>
      options.concurrency > 1
        ? dispatchLines(checked, run, options.concurrency, context)
        : performInOrder(checked, run, flags, context),
    ).catch((thrown: unknown) => {
      // Interrupted lines are not in the journal, so that --resume triggers them with the same keys.
      if (!(thrown instanceof KnockError) || thrown.code !== "interrupted") throw thrown;
    });
  } catch (thrown) {
    error = thrown;
  }
  try {
    await finishLineRun(run, { flags, files, progress, inputName, startedAt, error }, context);
  } catch (thrown) {
    // If writing the last results also fails, the first error is reported.
    error ??= thrown;
  }
  if (error !== null) throw error;
  await run.printFileWarnings();
}

/** Returns whether a line was handled by an earlier run. */
function isSkipped(line: number, { retriesFailed, isResumed }: BulkOptions, { journal }: LineRunFiles): boolean {
  const status = journal?.getPreviousStatus(line) ?? null;
  return status === null ? retriesFailed && !isResumed : status === "triggered" || !retriesFailed;
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
