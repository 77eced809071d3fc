import type { Expectation } from "../../domain/run/expectation.js";
import { getVerdict, VERDICT_EXIT_CODES, type Verdict } from "../../domain/run/outcome-verdict.js";
import { parseTrigger } from "../../domain/trigger/parse-trigger.js";
import { type ErrorCode, EXIT } from "../../errors/error-codes.js";
import { getExitCode, KnockError } from "../../errors/knock-error.js";
import { formatInputName, type PayloadLine, readPayloadLines } from "../../input/trigger-payload.js";
import { printError } from "../../output/print-error.js";
import { isLocal, type LocalOperations, type Operations } from "../../ports/operations.js";
import type { CommandContext } from "../context.js";
import { checkRuleSteps } from "./expectations.js";
import { RecipientLimit } from "./recipient-limit.js";
import {
  checkAgainstProject,
  type NamedTrigger,
  type NotifyFlags,
  printDryRun,
  printTriggerResult,
  type TriggerResult,
  triggerAndWait,
} from "./trigger-and-wait.js";
import { readProjectWarnings } from "./trigger-warnings.js";

/** Errors that would also occur for every later line, so they end the stream. */
const FATAL_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "store_unusable",
  "project_missing",
  "project_invalid",
  "profile_invalid",
  "authentication",
  "not_supported",
  "confirmation_needed",
  "too_many_recipients",
  "output_failed",
  "interrupted",
]);

/**
 * The number of pending recipients at which outcomes are printed, so that few lines with many recipients do not exhaust
 * memory.
 */
const MAX_PENDING_RECIPIENTS = 1_000;

/** Limits the characters of all lines together, because `--all-or-nothing` keeps every line in memory. */
const MAX_CHARACTERS_MILLIONS = 64;

/** A line that was handled. It is printed after the disk sync, in the order of the input. */
type HandledLine = { line: PayloadLine } & ({ triggered: TriggerResult } | { error: KnockError });

/** Triggers the lines in order, prints the outcome of each, and counts the results for the exit code. */
class LineRun {
  private operations: Operations | undefined;
  private pending: HandledLine[] = [];
  private pendingRecipients = 0;
  private readonly workflows = new Set<string>();
  private readonly limit: RecipientLimit;
  private readonly verdicts = new Set<Verdict>();
  private readonly errorExits = new Set<number>();
  private areRulesMet = true;
  private isTimedOut = false;
  triggered = 0;
  failed = 0;

  constructor(
    private readonly workflow: string | null,
    private readonly flags: NotifyFlags,
    private readonly rules: readonly Expectation[],
    private readonly context: CommandContext,
  ) {
    this.limit = new RecipientLimit(flags.maxRecipients);
  }

  /** Counts a trigger's recipients. Throws `too_many_recipients`. */
  count({ trigger }: NamedTrigger): void {
    this.limit.add(trigger);
  }

  /** Returns the line's trigger. Throws the line's error if it has one. */
  parse(line: PayloadLine): NamedTrigger {
    if (line.error !== null) throw line.error;
    return { ...parseTrigger(line.payload, this.workflow, line.name), name: line.name };
  }

  /** Triggers a line. Throws errors that end the stream; all others are counted and printed. */
  async handle(line: PayloadLine): Promise<void> {
    try {
      const trigger = this.parse(line);
      // With --all-or-nothing, the recipients of all lines were counted before.
      if (!this.flags.allOrNothing) this.count(trigger);
      if (this.flags.dryRun) {
        await printDryRun(trigger, this.flags, true, this.context);
        this.triggered++;
        return;
      }
      const operations = await this.open(trigger);
      const triggered = await triggerAndWait(trigger, operations, this.flags, this.context);
      this.pending.push({ line, triggered });
      this.pendingRecipients += triggered.outcome.recipients?.length ?? 1;
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      const located = addLineLocation(error, line);
      if (FATAL_CODES.has(error.code)) throw located;
      this.pending.push({ line, error: located });
    }
    // A wait takes long, so its outcome is printed immediately.
    if (this.pendingRecipients >= MAX_PENDING_RECIPIENTS || this.flags.wait !== undefined) await this.flush();
  }

  /** Opens the target with the first trigger that passes its checks, so that no store is created before. */
  private async open(trigger: NamedTrigger): Promise<Operations> {
    const { flags, context } = this;
    const target = await context.settings.getTarget(flags);
    if (target === "remote" || (this.operations === undefined && !(await context.target.hasStore(flags))))
      await checkAgainstProject(trigger, flags, context);
    if (this.operations === undefined) {
      this.operations = await context.target.open(flags);
      await this.getLocalOperations()?.deferDiskSync();
    }
    return this.operations;
  }

  private getLocalOperations(): LocalOperations | null {
    return this.operations !== undefined && isLocal(this.operations) ? this.operations : null;
  }

  /** Prints the lines handled so far, after their runs are synced to disk. */
  async flush(): Promise<void> {
    const { context, rules } = this;
    const handled = this.pending;
    this.pending = [];
    this.pendingRecipients = 0;
    await this.getLocalOperations()?.syncToDisk();
    for (const entry of handled) {
      if ("error" in entry) {
        printError(entry.error, context.output, false);
        this.failed++;
        this.errorExits.add(getExitCode(entry.error));
        continue;
      }
      const { outcome } = entry.triggered;
      const met = await printTriggerResult(entry.triggered, this.operations as Operations, rules, true, context);
      this.areRulesMet = met && this.areRulesMet;
      this.isTimedOut ||= entry.triggered.isTimedOut;
      this.verdicts.add(getVerdict(outcome));
      this.workflows.add(outcome.workflow);
      this.triggered++;
    }
    await context.output.flush(context.signal);
  }

  async printFileWarnings(): Promise<void> {
    for (const key of this.workflows)
      for (const text of await readProjectWarnings(key, this.flags, this.context)) this.context.output.warnOnce(text);
  }

  /**
   * Returns the exit code: 10 if a wait timed out, 1 if a rule is not met, and 9 if some lines succeeded and others
   * failed. If every line was rejected with the same exit code, returns that code, as for a single trigger; otherwise 1
   * if everything failed. Met expectations decide only if no line was rejected.
   */
  exitCode(): number {
    if (this.isTimedOut) return EXIT.timed_out;
    if (!this.areRulesMet) return EXIT.failure;
    const [errorExit] = this.errorExits;
    if (errorExit === undefined) {
      if (this.rules.length > 0) return EXIT.success;
      const [verdict = "succeeded"] = this.verdicts;
      return VERDICT_EXIT_CODES[this.verdicts.size > 1 ? "partial" : verdict];
    }
    if (this.triggered === 0) return this.errorExits.size === 1 ? errorExit : VERDICT_EXIT_CODES.failed;
    return VERDICT_EXIT_CODES[this.verdicts.size === 1 && this.verdicts.has("failed") ? "failed" : "partial"];
  }
}

/** Returns the error with the line's location in its message and its details. */
function addLineLocation(error: KnockError, { name, location }: PayloadLine): KnockError {
  const { message, details } = error;
  return error.copyWith({
    message: message.startsWith(name) ? message : `${name}: ${message}`,
    details: details.length > 0 ? details : [{ pointer: "", message, ...location }],
  });
}

function formatLineCount(count: number): string {
  return count === 1 ? "1 line" : `${count.toLocaleString("en-US")} lines`;
}

/** Reads and checks every line before any is triggered. Throws the first error. */
async function checkAllLines(run: LineRun, flags: NotifyFlags, context: CommandContext): Promise<PayloadLine[]> {
  const lines: PayloadLine[] = [];
  let size = 0;
  for await (const group of readPayloadLines(flags, context.input)) {
    for (const line of group) {
      const toLineError = (error: unknown): unknown =>
        error instanceof KnockError ? addLineLocation(error, line) : error;
      try {
        const trigger = run.parse(line);
        run.count(trigger);
        await checkAgainstProject(trigger, flags, context);
      } catch (error) {
        throw toLineError(error);
      }
      lines.push(line);
      size += line.size;
    }
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
  return lines;
}

async function* splitIntoGroups(lines: readonly PayloadLine[]): AsyncGenerator<readonly PayloadLine[]> {
  for (let start = 0; start < lines.length; start += 100) yield lines.slice(start, start + 100);
}

/** Lets the process handle a signal. Local triggers alone never yield to the event loop. */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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
  // The workflows of a stream are not known in advance, so a rule may name a step of any workflow of the project.
  await checkRuleSteps(rules, workflow === null ? null : [workflow], flags, context);
  const run = new LineRun(workflow, flags, rules, context);
  const inputName = formatInputName(flags.file as string);
  const groups = flags.allOrNothing
    ? splitIntoGroups(await checkAllLines(run, flags, context))
    : readPayloadLines(flags, context.input);
  context.output.startBuffering();
  let lastLine = 0;
  const formatProgress = (): string =>
    `${formatLineCount(run.triggered)} triggered${run.failed > 0 ? `, ${formatLineCount(run.failed)} failed` : ""}`;
  try {
    for await (const group of groups) {
      for (const line of group) {
        if (context.signal.aborted) break;
        await run.handle(line);
        lastLine = line.location.line;
      }
      await run.flush();
      if (context.signal.aborted) break;
      await yieldToEventLoop();
    }
  } catch (error) {
    // Lines that were triggered before the error are printed. If printing also fails, the first error is reported.
    await run.flush().catch(() => {});
    context.output.note(
      `stopped in ${inputName} after line ${lastLine}: ${formatProgress()}; later lines were not triggered`,
    );
    throw error;
  }
  if (context.signal.aborted)
    context.output.note(`interrupted in ${inputName} after line ${lastLine}: ${formatProgress()}`);
  else if (run.triggered + run.failed === 0)
    throw new KnockError("usage", `${inputName} contains no payload`, {
      hint: 'One JSON object per line, for example {"key":"welcome","recipients":["ada"]}.',
    });
  // With --json, the last line of standard error must be the error's document.
  else if (run.failed > 0 && !flags.json) context.output.note(`${inputName}: ${formatProgress()}`);
  await run.printFileWarnings();
  context.setExitCode(run.exitCode());
}
