import { addAcceptedParts, REMAINING_RECIPIENTS_HINT } from "../../commands/shared/accepted-parts.js";
import type { NotifyFlags } from "../../commands/shared/notify-flags.js";
import { countRecipients, RecipientLimit } from "../../commands/shared/recipient-limit.js";
import {
  checkAgainstProject,
  checkRecipients,
  type NamedTrigger,
  printDryRun,
  printTriggerResult,
  type TriggerResult,
  triggerAndWait,
} from "../../commands/shared/trigger-and-wait.js";
import { readProjectWarnings } from "../../commands/shared/trigger-warnings.js";
import type { CommandContext } from "../../context/command-context.js";
import { formatPointer } from "../../domain/findings/describe-finding.js";
import type { Expectation } from "../../domain/run/expectation.js";
import { combineVerdicts, getVerdict, type Verdict } from "../../domain/run/outcome-verdict.js";
import { parseTriggerParts } from "../../domain/trigger/split-payload.js";
import type { ErrorCode } from "../../errors/error-codes.js";
import { getExitCode, KnockError } from "../../errors/knock-error.js";
import type { PayloadLine } from "../../input/payload-lines.js";
import { printError, toErrorDocument } from "../../output/print-error.js";
import { isLocal, type LocalOperations, type Operations } from "../../ports/operations.js";
import type { RateLimiter } from "../../util/rate-limiter.js";
import type { BulkOptions } from "./bulk-flags.js";
import { deriveIdempotencyKey } from "./derive-idempotency-key.js";
import type { DocumentFile, Journal } from "./journal.js";

/** Errors that would also occur for every later line, so they end the stream. */
const FATAL_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "store_unusable",
  "project_missing",
  "project_invalid",
  "profile_invalid",
  "authentication",
  "not_supported",
  "confirmation_needed",
  "output_failed",
  "too_many_recipients",
  "report_failed",
  "journal_failed",
  "interrupted",
]);
/** Errors of a target that does not respond. Many in a row end the stream, so that it can be resumed. */
const OUTAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "unreachable",
  "remote_failed",
  "rate_limited",
  "too_much_due_work",
]);
const MAX_OUTAGE_LINES = 20;
/** The number of errors that are printed if a file also has them. */
const MAX_PRINTED_ERRORS = 20;

const RETRIED_PARTS_HINT =
  "Within 24 hours, --retry-failed does not trigger these recipients again. If you correct the line, list only the remaining recipients.";

/** A line that was handled. Its results are those of the parts before its error, if it has one. */
export interface HandledLine {
  line: PayloadLine;
  /** The number of recipients that the line lists. */
  recipients: number;
  results: TriggerResult[];
  error: KnockError | null;
}

/** The files that a run writes to, and the text from which it derives idempotency keys (null for no derived keys). */
export interface LineRunFiles {
  journal: Journal | null;
  results: DocumentFile | null;
  seed: string | null;
}

/** Triggers the lines of one input, records and prints the outcome of each, and counts the results. */
export class LineRun {
  private operations: Promise<Operations> | undefined;
  private openedOperations: Operations | undefined;
  private readonly workflows = new Set<string>();
  private outageLines = 0;
  private printedErrors = 0;
  private readonly verdicts = new Set<Verdict>();
  readonly errorExits = new Set<number>();
  readonly failureCodes = new Set<ErrorCode>();
  areRulesMet = true;
  isTimedOut = false;
  /** The number of lines whose request was interrupted, so that the API may have triggered them. */
  interruptedLines = 0;
  /** The numbers of lines. `retried` is the part of both that had failed in an earlier run. */
  readonly counts = { triggered: 0, failed: 0, skipped: 0, replayed: 0, retried: 0, workflowRuns: 0 };
  lastLine = 0;
  /** The numbers of handled lines, including those whose outcome is not printed yet, and the bytes up to the last one. */
  readonly handled = { lines: 0, failed: 0, bytes: 0 };
  private readonly recipientLimit: RecipientLimit;

  constructor(
    private readonly workflow: string | null,
    private readonly flags: NotifyFlags,
    private readonly rules: readonly Expectation[],
    private readonly options: BulkOptions,
    private readonly files: LineRunFiles,
    private readonly limiter: RateLimiter,
    private readonly target: "local" | "remote",
    private readonly context: CommandContext,
  ) {
    this.recipientLimit = new RecipientLimit(flags.maxRecipients);
  }

  /** Counts the recipients of the lines that this run skips, because an earlier one has triggered them. */
  countEarlierRecipients(): void {
    this.recipientLimit.addEarlier(this.files.journal?.previousRecipients ?? 0);
  }

  /** Counts the recipients of triggers. Throws `too_many_recipients`. */
  countRecipients(triggers: readonly NamedTrigger[]): void {
    this.recipientLimit.add(triggers);
  }

  /** Returns the line's triggers, each with up to 1,000 recipients. Throws the line's error if it has one. */
  parse(line: PayloadLine): NamedTrigger[] {
    if (line.error !== null) throw line.error;
    const { name } = line;
    return parseTriggerParts(line.payload, this.workflow, name).map((parsed) => ({ ...parsed, name }));
  }

  /** Returns the verdicts of all lines that were triggered, also by earlier runs. */
  getVerdicts(): ReadonlySet<Verdict> {
    return new Set([...this.verdicts, ...(this.files.journal?.previousVerdicts ?? [])]);
  }

  get hasRules(): boolean {
    return this.rules.length > 0;
  }

  getLocalOperations(): LocalOperations | null {
    const { openedOperations: operations } = this;
    return operations !== undefined && isLocal(operations) ? operations : null;
  }

  /** Advances the progress to a line that was handled or skipped. */
  addHandledBytes(end: number): void {
    this.handled.bytes = Math.max(this.handled.bytes, end);
  }

  /** Triggers a line. Throws only errors that end the stream. */
  async perform(line: PayloadLine): Promise<HandledLine> {
    const handled = await this.tryToPerform(line);
    this.handled.lines++;
    this.addHandledBytes(line.end);
    if (handled.error !== null) this.handled.failed++;
    return handled;
  }

  private async tryToPerform(line: PayloadLine): Promise<HandledLine> {
    const results: TriggerResult[] = [];
    let triggers: NamedTrigger[] = [];
    try {
      triggers = this.parse(line);
      // With --all-or-nothing, the recipients of all lines were counted before.
      if (!this.flags.allOrNothing) this.countRecipients(triggers);
      if (this.target === "remote") await checkRecipients(triggers, this.flags, this.context);
      for (const [part, trigger] of triggers.entries()) {
        if (this.flags.dryRun) await printDryRun(trigger, this.flags, true, this.context);
        else results.push(await this.trigger(line, part, trigger));
      }
      this.outageLines = 0;
      return { line, recipients: countRecipients(triggers), results, error: null };
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      if (error.code === "interrupted") this.interruptedLines++;
      const located = this.addAcceptedParts(addLineLocation(error, line), triggers, results.length);
      if (FATAL_CODES.has(error.code)) throw located;
      if (OUTAGE_CODES.has(error.code) && ++this.outageLines >= MAX_OUTAGE_LINES + this.options.concurrency)
        throw located.copyWith({
          hint: `${this.outageLines} lines in a row failed, so the run was stopped. ${error.hint ?? ""}`.trim(),
        });
      return { line, recipients: countRecipients(triggers), results, error: located };
    }
  }

  /** Records, prints and counts a line, after its runs are synced to disk. */
  async settle({ line, recipients, results, error }: HandledLine): Promise<void> {
    const { journal } = this.files;
    this.lastLine = Math.max(this.lastLine, line.number);
    const wasRetried = journal?.getPreviousStatus(line.number) === "failed";
    if (wasRetried) this.counts.retried++;
    for (const result of results) await this.report(line, result);
    if (error === null) this.counts.triggered++;
    else this.reportError(line, error);
    if (journal === null) return;
    const workflow_run_ids = results.map(({ outcome }) => outcome.workflow_run_id);
    if (error !== null) {
      const { code, message } = error;
      journal.append({ line: line.number, status: "failed", workflow_run_ids, code, message });
      return;
    }
    const verdict = combineVerdicts(results.map(({ outcome }) => getVerdict(outcome)));
    journal.append({ line: line.number, status: "triggered", verdict, workflow_run_ids, recipients });
  }

  /** Prints likely mistakes in the files of the workflows that were triggered. */
  async printFileWarnings(): Promise<void> {
    for (const key of this.workflows)
      for (const text of await readProjectWarnings(key, this.flags, this.context)) this.context.output.warnOnce(text);
  }

  /** Returns the error of a line, which says how many of its recipients were triggered before if there are any. */
  private addAcceptedParts(error: KnockError, triggers: readonly NamedTrigger[], accepted: number): KnockError {
    if (accepted === 0) return error;
    const hasKeys = this.files.seed !== null || triggers.every(({ idempotency_key: key }) => key !== null);
    const hint = this.files.journal !== null && hasKeys ? RETRIED_PARTS_HINT : REMAINING_RECIPIENTS_HINT;
    return addAcceptedParts(error, triggers, accepted, hint);
  }

  private async trigger(line: PayloadLine, part: number, trigger: NamedTrigger): Promise<TriggerResult> {
    const [checked, operations] = await this.open(trigger);
    const { seed } = this.files;
    const derived = seed === null ? null : deriveIdempotencyKey(seed, line.number, part, trigger.trigger);
    await this.limiter.acquire();
    const named = { ...checked, idempotency_key: trigger.idempotency_key ?? derived };
    return triggerAndWait(named, operations, this.flags, this.context);
  }

  /** Opens the target with the first trigger that passes its checks, so that no store is created before. */
  private async open(trigger: NamedTrigger): Promise<[trigger: NamedTrigger, operations: Operations]> {
    const { flags, context } = this;
    const needsCheck =
      this.target === "remote" || (this.operations === undefined && !(await context.target.hasStore(flags)));
    const checked = needsCheck ? await checkAgainstProject(trigger, flags, context) : trigger;
    this.operations ??= this.openTarget();
    return [checked, await this.operations];
  }

  private async openTarget(): Promise<Operations> {
    const { concurrency, retries } = this.options;
    const onRateLimited = (waitMs: number): void => this.limiter.slowDown(waitMs);
    const operations = await this.context.target.open(this.flags, "write", {
      concurrency,
      retries,
      onRateLimited,
    });
    this.openedOperations = operations;
    await this.getLocalOperations()?.deferDiskSync();
    return operations;
  }

  private async report(line: PayloadLine, result: TriggerResult): Promise<void> {
    const { outcome } = result;
    const { results } = this.files;
    const write =
      results === null ? null : (document: object) => results.append({ line: line.number, outcome: document });
    const operations = this.openedOperations as Operations;
    const met = await printTriggerResult(result, operations, this.rules, { oneLine: true, write }, this.context);
    this.areRulesMet = met && this.areRulesMet;
    this.isTimedOut ||= result.isTimedOut;
    this.verdicts.add(getVerdict(outcome));
    this.workflows.add(outcome.workflow);
    this.counts.workflowRuns++;
    if (outcome.replayed) this.counts.replayed++;
  }

  private reportError(line: PayloadLine, error: KnockError): void {
    const { journal, results } = this.files;
    this.counts.failed++;
    this.errorExits.add(getExitCode(error));
    this.failureCodes.add(error.code);
    results?.append({ line: line.number, error: toErrorDocument(error) });
    const { output } = this.context;
    const file = results ?? journal;
    if (file === null || this.printedErrors < MAX_PRINTED_ERRORS) printError(error, output, false);
    // With --json, the last line of standard error must be the document of an error.
    else if (this.printedErrors === MAX_PRINTED_ERRORS && !this.flags.json)
      output.note(`further errors are written only to ${file.path}`);
    this.printedErrors++;
  }
}

/** Returns a hint that names the missing data of a line. The error's own hint names `--set`, which applies to all lines. */
function createLineHint({ details, hint }: KnockError, isCsv: boolean): string | undefined {
  if (isCsv && details.some(({ pointer, message }) => pointer === "/key" && message === "is required"))
    return "Give the workflow's key as the first argument, or in a column `key`.";
  const missing = details
    .filter(({ pointer, message }) => pointer.startsWith("/data/") && message === "is required")
    .map(({ pointer }) => formatPointer(pointer));
  if (missing.length === 0) return hint;
  return `Add ${missing.join(", ")} to this line. The workflow's trigger_data_json_schema describes the valid data.`;
}

/** Returns the error with the line's location in its message and its details. */
export function addLineLocation(error: KnockError, { name, location, isCsv }: PayloadLine): KnockError {
  const { message, details } = error;
  return error.copyWith({
    message: message.startsWith(name) ? message : `${name}: ${message}`,
    details: details.length > 0 ? details : [{ pointer: "", message, ...location }],
    hint: createLineHint(error, isCsv),
  });
}
