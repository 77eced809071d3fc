import type { Expectation } from "../../domain/run/expectation.js";
import type { TriggerOutcome } from "../../domain/run/outcome.js";
import { inlineRecipientWarnings } from "../../domain/trigger/inline-recipient-warnings.js";
import type { ParsedPayload } from "../../domain/trigger/parse-trigger.js";
import { redactRequest } from "../../domain/trigger/trigger-request.js";
import { warningsAsError } from "../../errors/knock-error.js";
import { durationArgument } from "../../input/parse-time.js";
import type { PayloadFlags } from "../../input/trigger-payload.js";
import { printOutcome } from "../../output/print-outcome.js";
import { untilText } from "../../output/time-text.js";
import { isLocal, type Operations } from "../../ports/operations.js";
import type { CommandContext } from "../context.js";
import type { TargetFlags } from "../services.js";
import { checkExpectations, expectationsField, reportExpectations } from "./expectations.js";
import type { CommonFlags } from "./options.js";
import { meantTenant, warnOfUnidentified } from "./strangers.js";
import { foreseenWarnings } from "./trigger-warnings.js";

export interface NotifyFlags extends CommonFlags, TargetFlags, PayloadFlags {
  wait?: string | true;
  dryRun?: boolean;
  allOrNothing?: boolean;
  expect?: string[];
  strict?: boolean;
}

/** A checked payload and the name that errors use for it. */
export interface NamedTrigger extends ParsedPayload {
  name: string;
}

/** A trigger's outcome, not yet printed. */
export interface Triggered {
  outcome: TriggerOutcome;
  /** The trigger's tenant, if it did not exist before, and the existing one that was probably meant. */
  tenant: { id: string; meant: string } | null;
  /** The time given to `--wait` passed before every run had ended. */
  isTimedOut: boolean;
  /** What is probably wrong with the workflow's templates or with inline recipients. */
  warnings: readonly string[];
}

/** Checks a trigger against the project's workflow. On the remote target, a missing project or workflow is not an error. */
export async function checkByProject(
  { trigger }: NamedTrigger,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<void> {
  const target = await context.settings.target(flags);
  if (target === "remote" && flags.validate === false) return;
  const checked = await context.project.checkTrigger(trigger, flags);
  if (checked === "unchecked" && target === "remote")
    context.output.noteOnce("note: no local project has this workflow; the data was not checked before sending");
}

/** Prints what a trigger would do: its request and, on standard error, its warnings. */
export async function printDryRun(
  one: NamedTrigger,
  flags: NotifyFlags,
  oneLine: boolean,
  context: CommandContext,
): Promise<void> {
  await checkByProject(one, flags, context);
  const warnings = await foreseenWarnings(one.trigger, flags, context);
  if (flags.strict && warnings.length > 0) throw warningsAsError(warnings);
  await printRequest(one, flags, oneLine, context);
  for (const text of warnings) context.output.warnOnce(text);
}

/** Prints the request that a trigger would make. */
async function printRequest(
  { trigger, idempotency_key }: NamedTrigger,
  flags: NotifyFlags,
  oneLine: boolean,
  context: CommandContext,
): Promise<void> {
  const { output } = context;
  const target = await context.settings.target(flags);
  const request = redactRequest(await context.target.describeRequest(trigger, idempotency_key, flags));
  if (output.verbosity.json) {
    output.json({ dry_run: true, ...request }, oneLine);
    return;
  }
  output.line(`${output.paint.dim(`dry run, target ${target}, nothing sent:`)} ${request.method} ${request.path}`);
  for (const [name, value] of Object.entries(request.headers)) output.line(`${output.paint.dim(`${name}:`)} ${value}`);
  output.line(JSON.stringify(request.body, null, 2));
}

/** Where the target's clock stands: what "in 30m" counts from. */
async function targetNow(operations: Operations, outcome: TriggerOutcome, context: CommandContext): Promise<number> {
  const waits = outcome.recipients?.some(({ steps }) => steps.some((step) => step.until));
  if (!waits || !isLocal(operations)) return context.now();
  return Date.parse((await operations.readClock()).now);
}

/** Said at once, so that nobody looks at silence while a delay takes its real time. */
function noteWaiting(outcome: TriggerOutcome, now: number, { output }: CommandContext): void {
  const steps = (outcome.recipients ?? []).flatMap((one) => one.steps.filter((step) => step.outcome === "waiting"));
  if (steps.length === 0) return;
  const next = steps.flatMap(({ until }) => until ?? []).sort()[0];
  const when = next === undefined ? "" : `, the first${untilText(next, now, output.zoneError)}`;
  output.note(
    `${outcome.workflow_run_id}: ${steps.length} waiting${when}; Ctrl-C shows what is known, knock clock advance in another shell moves time on`,
  );
}

/** Triggers a workflow and, with `--wait`, follows its runs. */
export async function triggerOne(
  one: NamedTrigger,
  operations: Operations,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<Triggered> {
  const { tenant, workflow } = one.trigger;
  if (flags.strict) {
    const foreseen = await foreseenWarnings(one.trigger, flags, context);
    if (foreseen.length > 0) throw warningsAsError(foreseen);
  }
  const meant = await meantTenant(tenant, operations);
  const warnings: string[] = [];
  const started = await operations.triggerWorkflow(one.trigger, {
    idempotency_key: one.idempotency_key,
    onWarning: (text) => warnings.push(`workflow "${workflow}": ${text}`),
  });
  warnings.push(...inlineRecipientWarnings(one.trigger));
  const created = tenant === null || meant === null ? null : { id: tenant.id, meant };
  if (flags.wait === undefined) return { outcome: started, tenant: created, warnings, isTimedOut: false };
  const timeout = flags.wait === true ? null : durationArgument(flags.wait, "--wait");
  noteWaiting(started, await targetNow(operations, started, context), context);
  let isTimedOut = false;
  const outcome = await context.output.progress(`waiting for ${workflow}`, (tell) =>
    operations.awaitOutcome(started, {
      timeout_ms: timeout,
      signal: context.signal,
      named: one.trigger.recipients.flatMap(({ key, upsert }) => (upsert === null ? [key] : [])),
      onTimeout: () => {
        isTimedOut = true;
      },
      onProgress: (ended, total) => tell(`waiting for ${workflow}: ${ended} of ${total} runs ended`),
    }),
  );
  return { outcome, tenant: created, warnings, isTimedOut };
}

/** How many runs had not ended when the time was up. */
function unendedText({ recipients }: TriggerOutcome): string {
  if (recipients === null) return "the API reports no runs yet";
  const runs = recipients.filter(({ recipient_run_id }) => recipient_run_id !== null);
  const ended = runs.filter(({ status }) => status === "completed" || status === "cancelled");
  if (ended.length === runs.length) return "messages are still queued";
  return `${runs.length - ended.length} of ${runs.length} ${runs.length === 1 ? "run has" : "runs have"} not ended`;
}

/** Prints a trigger's outcome with its warnings and the rules of `--expect`; returns whether all of them are met. */
export async function printTriggered(
  { outcome, tenant, isTimedOut, warnings }: Triggered,
  operations: Operations,
  rules: readonly Expectation[],
  oneLine: boolean,
  context: CommandContext,
): Promise<boolean> {
  const { output } = context;
  const results = checkExpectations(rules, outcome);
  const document = { ...outcome, ...expectationsField(results) };
  printOutcome(document, await targetNow(operations, outcome, context), output, oneLine);
  if (tenant !== null) output.warn(`tenant "${tenant.id}" did not exist and was made. Did you mean "${tenant.meant}"?`);
  if (isTimedOut) output.warn(`timed out while waiting: ${unendedText(outcome)}`);
  await warnOfUnidentified(outcome, operations, context);
  for (const text of warnings) output.warnOnce(text);
  return reportExpectations(results, `knock notify ${outcome.workflow}`, context);
}
