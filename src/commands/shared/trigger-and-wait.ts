import type { CommandContext } from "../../context/command-context.js";
import type { Expectation } from "../../domain/run/expectation.js";
import type { TriggerOutcome } from "../../domain/run/outcome.js";
import { hasEndedStatus } from "../../domain/run/run-status.js";
import { redactRequest } from "../../domain/trigger/api-request.js";
import { collectInlineRecipientWarnings } from "../../domain/trigger/collect-inline-recipient-warnings.js";
import type { ParsedPayload } from "../../domain/trigger/parse-trigger.js";
import { toWarningsError } from "../../errors/knock-error.js";
import { parseDurationArgument } from "../../input/parse-time.js";
import { formatUntil } from "../../output/format-time.js";
import { printOutcome, toOutcomeDocument } from "../../output/print-outcome.js";
import { isLocal, type Operations } from "../../ports/operations.js";
import { OwnWork } from "../../ports/own-work.js";
import { checkExpectations, reportExpectations, toExpectationsField } from "./expectations.js";
import type { NotifyFlags } from "./notify-flags.js";
import { collectTriggerWarnings } from "./trigger-warnings.js";
import { suggestTenant, warnUnidentifiedOutcomes } from "./unidentified-recipients.js";

/** A checked payload and the name that errors use for it. */
export interface NamedTrigger extends ParsedPayload {
  name: string;
  /** Whether the data was checked before the store was created, so that the engine does not check it again. */
  isDataChecked?: boolean;
}

/** A trigger's outcome that has not been printed yet. */
export interface TriggerResult {
  outcome: TriggerOutcome;
  /** The trigger's tenant if it did not exist before, with the existing tenant that was probably meant. */
  newTenant: { id: string; suggestedId: string } | null;
  /** Whether the time of `--wait` passed before every run had ended. */
  isTimedOut: boolean;
  /** Warnings about the workflow's templates or the inline recipients. */
  warnings: readonly string[];
}

/**
 * Checks the triggers of one payload against the recipient guards of the remote target. All are checked before the first
 * one is sent, so that a refused recipient leaves no payload half sent.
 */
export async function checkRecipients(
  triggers: readonly NamedTrigger[],
  flags: NotifyFlags,
  context: CommandContext,
): Promise<void> {
  if ((await context.settings.getTarget(flags)) === "remote")
    await context.target.checkRecipients(
      triggers.map(({ trigger }) => trigger),
      flags,
    );
}

/**
 * Returns a trigger that was checked against the project's workflow. On the remote target, a missing project or workflow is not an error.
 */
export async function checkAgainstProject(
  named: NamedTrigger,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<NamedTrigger> {
  const target = await context.settings.getTarget(flags);
  if (target === "remote" && flags.validate === false) return named;
  const checked = await context.project.checkTrigger(named.trigger, flags);
  if (checked === "unchecked" && target === "remote")
    context.output.noteOnce("note: no local project has this workflow; the data was not checked before sending");
  return { ...named, isDataChecked: checked === "checked" };
}

/** Prints the request that a trigger would make and, on standard error, its warnings. */
export async function printDryRun(
  namedTrigger: NamedTrigger,
  flags: NotifyFlags,
  oneLine: boolean,
  context: CommandContext,
): Promise<void> {
  await checkAgainstProject(namedTrigger, flags, context);
  const warnings = await collectTriggerWarnings(namedTrigger.trigger, flags, context);
  if (flags.strict && warnings.length > 0) throw toWarningsError(warnings);
  await printRequest(namedTrigger, flags, oneLine, context);
  for (const { message, hint } of warnings) context.output.warnOnce(message, hint);
}

/** Prints the request that a trigger would make. */
async function printRequest(
  { trigger, idempotency_key }: NamedTrigger,
  flags: NotifyFlags,
  oneLine: boolean,
  context: CommandContext,
): Promise<void> {
  const { output } = context;
  const target = await context.settings.getTarget(flags);
  const request = redactRequest(await context.target.describeRequest(trigger, idempotency_key, flags));
  if (output.verbosity.json) {
    output.json({ dry_run: true, ...request }, oneLine);
    return;
  }
  output.line(`${output.colors.dim(`dry run, target ${target}, nothing sent:`)} ${request.method} ${request.path}`);
  for (const [name, value] of Object.entries(request.headers)) output.line(`${output.colors.dim(`${name}:`)} ${value}`);
  output.line(JSON.stringify(request.body, null, 2));
}

/** Returns the time of the target's clock, from which "in 30m" is counted. */
async function readTargetTime(
  operations: Operations,
  outcome: TriggerOutcome,
  context: CommandContext,
): Promise<number> {
  const waits = outcome.recipients?.some(({ steps }) => steps.some((step) => step.until));
  if (!waits || !isLocal(operations)) return context.now();
  return Date.parse((await operations.readClock()).now);
}

/** Prints which steps wait, so that the command does not appear to hang while a delay takes its real time. */
function noteWaitingSteps(outcome: TriggerOutcome, now: number, { output }: CommandContext): void {
  const steps = (outcome.recipients ?? []).flatMap((recipient) =>
    recipient.steps.filter((step) => step.outcome === "waiting"),
  );
  if (steps.length === 0) return;
  const next = steps.flatMap(({ until }) => until ?? []).sort()[0];
  const when = next === undefined ? "" : `, the first${formatUntil(next, now, output.errorZone)}`;
  output.note(
    `${outcome.workflow_run_id}: ${steps.length} waiting${when}; press Ctrl-C to see the current state, or run \`knock clock advance\` in another shell`,
  );
}

/** Triggers a workflow and, with `--wait`, waits for its runs. */
export async function triggerAndWait(
  namedTrigger: NamedTrigger,
  operations: Operations,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<TriggerResult> {
  const { tenant, workflow } = namedTrigger.trigger;
  if (flags.strict) {
    const expectedWarnings = await collectTriggerWarnings(namedTrigger.trigger, flags, context);
    if (expectedWarnings.length > 0) throw toWarningsError(expectedWarnings);
  }
  const suggestedId = await suggestTenant(tenant, operations);
  const warnings: string[] = [];
  const ownWork = new OwnWork();
  const triggered = await operations.triggerWorkflow(namedTrigger.trigger, {
    idempotency_key: namedTrigger.idempotency_key,
    isDataChecked: namedTrigger.isDataChecked ?? false,
    ownWork,
    onWarning: (text) => warnings.push(`workflow "${workflow}": ${text}`),
  });
  warnings.push(...collectInlineRecipientWarnings(namedTrigger.trigger));
  const created = tenant === null || suggestedId === null ? null : { id: tenant.id, suggestedId };
  if (flags.wait === undefined) return { outcome: triggered, newTenant: created, warnings, isTimedOut: false };
  const timeout = flags.wait === true ? null : parseDurationArgument(flags.wait, "--wait");
  noteWaitingSteps(triggered, await readTargetTime(operations, triggered, context), context);
  let isTimedOut = false;
  const outcome = await context.output.showProgress(`waiting for ${workflow}`, (setText) =>
    operations.awaitOutcome(triggered, {
      timeout_ms: timeout,
      ownWork,
      signal: context.signal,
      namedRecipients: namedTrigger.trigger.recipients.flatMap(({ key, upsert }) => (upsert === null ? [key] : [])),
      onTimeout: () => {
        isTimedOut = true;
      },
      onProgress: (ended, total) => setText(`waiting for ${workflow}: ${ended} of ${total} runs ended`),
    }),
  );
  return { outcome, newTenant: created, warnings, isTimedOut };
}

/** Describes how many runs had not ended when the wait timed out. */
function describeUnendedRuns({ recipients }: TriggerOutcome): string {
  if (recipients === null) return "the API reports no runs yet";
  const runs = recipients.filter(({ recipient_run_id }) => recipient_run_id !== null);
  const ended = runs.filter(({ status }) => hasEndedStatus(status));
  if (ended.length === runs.length) return "messages are still queued";
  return `${runs.length - ended.length} of ${runs.length} ${runs.length === 1 ? "run has" : "runs have"} not ended`;
}

interface ResultDestination {
  /** Whether several documents follow each other. */
  oneLine: boolean;
  /** Receives the document instead of the output; null prints it. */
  write?: ((document: object) => void) | null;
}

/** Prints a trigger's outcome with its warnings and the rules of `--expect`. Returns whether all rules are met. */
export async function printTriggerResult(
  { outcome, newTenant: tenant, isTimedOut, warnings }: TriggerResult,
  operations: Operations,
  rules: readonly Expectation[],
  { oneLine, write = null }: ResultDestination,
  context: CommandContext,
): Promise<boolean> {
  const { output } = context;
  const results = checkExpectations(rules, outcome);
  const document = { ...outcome, ...toExpectationsField(results) };
  if (write !== null) write(toOutcomeDocument(document));
  else printOutcome(document, await readTargetTime(operations, outcome, context), output, oneLine);
  if (tenant !== null)
    output.warn(`tenant "${tenant.id}" did not exist and was created. Did you mean "${tenant.suggestedId}"?`);
  if (isTimedOut) output.warn(`timed out while waiting: ${describeUnendedRuns(outcome)}`);
  await warnUnidentifiedOutcomes(outcome, operations, context);
  for (const text of warnings) output.warnOnce(text);
  return reportExpectations(results, `knock notify ${outcome.workflow}`, context);
}
