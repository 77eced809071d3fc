import type { Expectation } from "../../domain/run/expectation.js";
import { VERDICT_EXIT, type Verdict, verdictOf } from "../../domain/run/outcome-verdict.js";
import { parseTrigger } from "../../domain/trigger/parse-trigger.js";
import { type ErrorCode, EXIT, exitCodeOf, KnockError } from "../../errors/knock-error.js";
import { type PayloadLine, readPayloadLines, shownFile } from "../../input/trigger-payload.js";
import { printError } from "../../output/print-error.js";
import { isLocal, type LocalOperations, type Operations } from "../../ports/operations.js";
import type { CommandContext } from "../context.js";
import { checkRuleSteps } from "./expectations.js";
import {
  checkByProject,
  type NamedTrigger,
  type NotifyFlags,
  printDryRun,
  printTriggered,
  type Triggered,
  triggerOne,
} from "./trigger-one.js";
import { fileWarnings } from "./trigger-warnings.js";

/** Errors that every later line would meet as well: the stream stops there. */
const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "store_unusable",
  "project_missing",
  "project_invalid",
  "profile_invalid",
  "authentication",
  "not_supported",
  "confirmation_needed",
  "output_failed",
  "interrupted",
]);

/** Outcomes are printed once this many recipients are waiting, so that few lines with many recipients stay in bounds. */
const MAX_RECIPIENTS = 1_000;

/** `--all-or-nothing` keeps every line in memory: characters of all lines together. */
const MAX_KEPT_MILLIONS = 64;

/** A line that was handled; printed after the disk sync, in the order of the input. */
type Handled = { line: PayloadLine } & ({ triggered: Triggered } | { error: KnockError });

/** Triggers one line after another, prints what became of each, and keeps count for the exit code. */
class LineRun {
  private operations: Operations | undefined;
  private handled: Handled[] = [];
  private recipients = 0;
  private readonly workflows = new Set<string>();
  private readonly verdicts = new Set<Verdict>();
  private readonly errorExits = new Set<number>();
  private met = true;
  private isTimedOut = false;
  triggered = 0;
  failed = 0;

  constructor(
    private readonly workflow: string | null,
    private readonly flags: NotifyFlags,
    private readonly rules: readonly Expectation[],
    private readonly context: CommandContext,
  ) {}

  /** Throws the line's error, if it has one. */
  parse(line: PayloadLine): NamedTrigger {
    if (line.error !== null) throw line.error;
    return { ...parseTrigger(line.payload, this.workflow, line.name), name: line.name };
  }

  /** Throws errors that end the stream; others are counted and printed. */
  async handle(line: PayloadLine): Promise<void> {
    try {
      const one = this.parse(line);
      if (this.flags.dryRun) {
        await printDryRun(one, this.flags, true, this.context);
        this.triggered++;
        return;
      }
      const operations = await this.open(one);
      const triggered = await triggerOne(one, operations, this.flags, this.context);
      this.handled.push({ line, triggered });
      this.recipients += triggered.outcome.recipients?.length ?? 1;
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      const placed = placedError(error, line);
      if (FATAL.has(error.code)) throw placed;
      this.handled.push({ line, error: placed });
    }
    // A wait is long: its outcome is printed at once.
    if (this.recipients >= MAX_RECIPIENTS || this.flags.wait !== undefined) await this.flush();
  }

  /** A local store is created only for a trigger that passes its checks. */
  private async open(one: NamedTrigger): Promise<Operations> {
    const { flags, context } = this;
    const target = await context.settings.target(flags);
    if (target === "remote" || (this.operations === undefined && !(await context.target.hasStore(flags))))
      await checkByProject(one, flags, context);
    if (this.operations === undefined) {
      this.operations = await context.target.open(flags);
      await this.local()?.deferDiskSync();
    }
    return this.operations;
  }

  private local(): LocalOperations | null {
    return this.operations !== undefined && isLocal(this.operations) ? this.operations : null;
  }

  /** Prints the lines handled so far, once their runs are on the disk. */
  async flush(): Promise<void> {
    const { context, rules } = this;
    const handled = this.handled;
    this.handled = [];
    this.recipients = 0;
    await this.local()?.syncToDisk();
    for (const one of handled) {
      if ("error" in one) {
        printError(one.error, context.output, false);
        this.failed++;
        this.errorExits.add(exitCodeOf(one.error));
        continue;
      }
      const { outcome } = one.triggered;
      const met = await printTriggered(one.triggered, this.operations as Operations, rules, true, context);
      this.met = met && this.met;
      this.isTimedOut ||= one.triggered.isTimedOut;
      this.verdicts.add(verdictOf(outcome));
      this.workflows.add(outcome.workflow);
      this.triggered++;
    }
    await context.output.release(context.signal);
  }

  async warn(): Promise<void> {
    for (const key of this.workflows)
      for (const text of await fileWarnings(key, this.flags, this.context)) this.context.output.warnOnce(text);
  }

  /**
   * 10 if a wait timed out. 9 if some lines succeeded and some failed. If every line was refused for reasons of one exit code, that code, as for a
   * single trigger; otherwise 1 if everything failed. Met expectations decide only if no line was refused.
   */
  exitCode(): number {
    if (this.isTimedOut) return EXIT.timed_out;
    if (!this.met) return EXIT.failure;
    const [errorExit] = this.errorExits;
    if (errorExit === undefined) {
      if (this.rules.length > 0) return EXIT.success;
      const [verdict = "succeeded"] = this.verdicts;
      return VERDICT_EXIT[this.verdicts.size > 1 ? "partial" : verdict];
    }
    if (this.triggered === 0) return this.errorExits.size === 1 ? errorExit : VERDICT_EXIT.failed;
    return VERDICT_EXIT[this.verdicts.size === 1 && this.verdicts.has("failed") ? "failed" : "partial"];
  }
}

/** The error with the line that it is about, in its message and its details. */
function placedError(error: KnockError, { name, place }: PayloadLine): KnockError {
  const { code, hint, message, status, request_id } = error;
  return new KnockError(code, message.startsWith(name) ? message : `${name}: ${message}`, {
    hint,
    details: error.details.length > 0 ? error.details : [{ pointer: "", message, ...place }],
    ...(status === undefined ? {} : { status }),
    request_id,
    cause: error,
  });
}

function counted(count: number): string {
  return count === 1 ? "1 line" : `${count.toLocaleString("en-US")} lines`;
}

/** Reads every line before any is triggered. Throws the first error. */
async function checkAll(run: LineRun, flags: NotifyFlags, context: CommandContext): Promise<PayloadLine[]> {
  const lines: PayloadLine[] = [];
  let size = 0;
  for await (const group of readPayloadLines(flags, context.input)) {
    for (const line of group) {
      const fail = (error: unknown): unknown => (error instanceof KnockError ? placedError(error, line) : error);
      try {
        await checkByProject(run.parse(line), flags, context);
      } catch (error) {
        throw fail(error);
      }
      lines.push(line);
      size += line.size;
    }
    if (size > MAX_KEPT_MILLIONS * 1_000_000)
      throw new KnockError(
        "payload_too_large",
        `--all-or-nothing reads up to ${MAX_KEPT_MILLIONS} million characters`,
        {
          hint: "Split the file, or leave out --all-or-nothing to trigger lines as they are read.",
        },
      );
  }
  if (context.input.isInterrupted())
    throw new KnockError("interrupted", "interrupted while the lines were checked", { hint: "Nothing was triggered." });
  return lines;
}

async function* inGroups(lines: readonly PayloadLine[]): AsyncGenerator<readonly PayloadLine[]> {
  for (let start = 0; start < lines.length; start += 100) yield lines.slice(start, start + 100);
}

/** Lets the process notice a signal: local triggers alone never wait for anything. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Triggers a workflow per line of a file or stream, as the lines arrive and in constant memory. A line that fails is reported
 * with its place and does not stop the others.
 */
export async function notifyLines(
  workflow: string | null,
  flags: NotifyFlags,
  rules: readonly Expectation[],
  context: CommandContext,
): Promise<void> {
  // The workflows of a stream are not known before it is read: a rule's step has to be one of any workflow.
  await checkRuleSteps(rules, workflow === null ? null : [workflow], flags, context);
  const run = new LineRun(workflow, flags, rules, context);
  const shown = shownFile(flags.file as string);
  const groups = flags.allOrNothing
    ? inGroups(await checkAll(run, flags, context))
    : readPayloadLines(flags, context.input);
  context.output.hold();
  let last = 0;
  const progress = (): string =>
    `${counted(run.triggered)} triggered${run.failed > 0 ? `, ${counted(run.failed)} failed` : ""}`;
  try {
    for await (const group of groups) {
      for (const line of group) {
        if (context.signal.aborted) break;
        await run.handle(line);
        last = line.place.line;
      }
      await run.flush();
      if (context.signal.aborted) break;
      await nextTurn();
    }
  } catch (error) {
    // What was triggered before the line that ended the stream is reported; if even that fails, the first error counts.
    await run.flush().catch(() => {});
    context.output.note(`stopped in ${shown} after line ${last}: ${progress()}; later lines were not triggered`);
    throw error;
  }
  if (context.signal.aborted) context.output.note(`interrupted in ${shown} after line ${last}: ${progress()}`);
  else if (run.triggered + run.failed === 0)
    throw new KnockError("usage", `${shown} contains no payload`, {
      hint: 'One JSON object per line, for example {"key":"welcome","recipients":["ada"]}.',
    });
  // With --json, the last line of standard error is an error's document.
  else if (run.failed > 0 && !flags.json) context.output.note(`${shown}: ${progress()}`);
  await run.warn();
  context.exit(run.exitCode());
}
