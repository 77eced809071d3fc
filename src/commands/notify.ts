import type { Command } from "commander";
import { type Expectation, parseExpectation } from "../domain/run/expectation.js";
import type { TriggerOutcome } from "../domain/run/outcome.js";
import { combineVerdicts, VERDICT_EXIT, type Verdict, verdictOf } from "../domain/run/outcome-verdict.js";
import { type ParsedPayload, parseTrigger } from "../domain/trigger/parse-trigger.js";
import { redactRequest } from "../domain/trigger/trigger-request.js";
import { KnockError } from "../errors/knock-error.js";
import { durationArgument } from "../input/parse-time.js";
import { type PayloadFlags, readPayloads } from "../input/trigger-payload.js";
import { printError } from "../output/print-error.js";
import { printOutcome } from "../output/print-outcome.js";
import { untilText } from "../output/words.js";
import type { LocalOperations, Operations } from "../ports/operations.js";
import type { CommandContext, TargetFlags } from "./context.js";
import {
  addCommonOptions,
  addExamples,
  addTargetOptions,
  applyVerbosity,
  type CommonFlags,
  collect,
  swallowedHint,
  wordTaken,
} from "./shared/options.js";
import { localResources, meantTenant, warnOfUnidentified } from "./shared/strangers.js";

interface NotifyFlags extends CommonFlags, TargetFlags, PayloadFlags {
  wait?: string | true;
  dryRun?: boolean;
  expect?: string[];
}

interface NamedTrigger extends ParsedPayload {
  name: string;
  line: number | null;
}

export function registerNotify(program: Command, context: CommandContext): void {
  const command = program
    .command("notify")
    .alias("trigger")
    .argument("[workflow]", "the workflow's key")
    .summary("trigger a workflow, print what happened to each recipient")
    .description("Triggers a workflow, and prints the run's UUID and what happened to each recipient, and why.")
    .option("-r, --recipients <value...>", "user ids (a,b), JSON, @file.json or @- (standard input)")
    .option("--recipient <value...>", "the same as --recipients")
    .option("--object <collection/id...>", "object recipients, in short")
    .option("-a, --actor <value>", "who caused it: an id, JSON or @file")
    .option("-d, --data <json>", "a JSON object, @file.json or @-; repeat to merge", collect)
    .option("--set <path=value>", "one data property (path=text, path:=json)", collect)
    .option("-t, --tenant <value>", "an id or JSON")
    .option("--cancellation-key <key>", "a name for a later knock cancel")
    .option("--idempotency-key <key>", "the same key within 24 hours returns the first answer")
    .option("--sandbox-mode", "render and keep every message, deliver none")
    .option("--skip-delay", "pass through delay steps")
    .option("-f, --file <path>", "a whole payload (JSON), or one per line (.jsonl); - is standard input")
    .option("--format <format>", "of --file: json or jsonl")
    .option("--wait [duration]", "return when every run has ended, or after this long")
    .option("--dry-run", "check everything, show the request, change nothing")
    .option("--expect <rule...>", "fail unless met: sent>=2, skipped=0, ada:email=sent, no-failures")
    .option("--no-validate", "do not check a remote trigger against the local project");
  addExamples(addCommonOptions(addTargetOptions(command)), [
    'knock notify new-comment --recipients ada,grace --actor alan --data \'{"page":"Home"}\'',
    "knock notify new-comment -r ada,lin --set page=Home --set comment=Nice --skip-delay --expect 'sent>=2' no-failures",
    'knock notify invite -r \'{"id":"zoe","email":"zoe@example.com"}\' --cancellation-key invite-42',
    "knock notify --file payloads/new-comment.json --dry-run",
    "cat payloads/triggers.jsonl | knock notify --file - --format jsonl --json",
  ]);
  command.action((workflow: string | undefined, flags: NotifyFlags & { recipient?: string[] }) => {
    applyVerbosity(context, flags);
    const recipients = [...(flags.recipients ?? []), ...(flags.recipient ?? [])];
    return runNotify(
      workflow ?? null,
      { ...flags, recipients: recipients.length > 0 ? recipients : undefined },
      context,
    );
  });
}

/** Options of several words, the first of which may have taken the workflow's key for one of theirs. */
const SEVERAL = { recipients: "--recipients", object: "--object", expect: "--expect" } as const;

/**
 * `--recipients ada new-comment`: without a key there is nothing to do, so that the one word which names a workflow of the project
 * can only have been meant as the key. Of words that name none nobody knows.
 */
async function withKey(flags: NotifyFlags, context: CommandContext): Promise<[key: string | null, flags: NotifyFlags]> {
  const names = Object.keys(SEVERAL) as (keyof typeof SEVERAL)[];
  const keys = new Set<string>();
  for (const word of names.flatMap((name) => flags[name] ?? []))
    if (await context.namesWorkflow(word, flags)) keys.add(word);
  const [key, ...others] = keys;
  if (key !== undefined && others.length === 0) {
    const rest = { ...flags };
    for (const name of names) {
      const words = flags[name]?.filter((word) => word !== key);
      rest[name] = words?.length ? words : undefined;
    }
    return [key, rest];
  }
  for (const name of names) {
    const word = wordTaken(context.argv, flags[name] ?? []);
    if (word === undefined) continue;
    throw new KnockError("usage", "no workflow named", {
      hint: swallowedHint(SEVERAL[name], word, "the workflow's key"),
    });
  }
  return [null, flags];
}

/** Every payload parsed and checked, before anything is triggered. */
async function readTriggers(
  workflow: string | null,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<NamedTrigger[]> {
  const triggers: NamedTrigger[] = [];
  for await (const { payload, name, line } of readPayloads(flags, context.input)) {
    triggers.push({ ...parseTrigger(payload, workflow, name), name, line });
  }
  return triggers;
}

/** The remote target knows no project: what the local one would check is checked here, as far as there is one. */
async function checkByProject(
  triggers: readonly NamedTrigger[],
  flags: NotifyFlags,
  target: "local" | "remote",
  context: CommandContext,
): Promise<void> {
  if (target === "remote" && flags.validate === false) return;
  let unchecked = false;
  for (const { trigger, line, name } of triggers) {
    try {
      unchecked = (await context.checkTrigger(trigger, flags)) === "unchecked" || unchecked;
    } catch (error) {
      if (line === null || !(error instanceof KnockError)) throw error;
      throw new KnockError(error.code, `${name}: ${error.message}`, {
        hint: error.hint,
        details: error.details,
        cause: error,
      });
    }
  }
  if (unchecked && target === "remote")
    context.output.note("note: no local project has this workflow; the data was not checked before sending");
}

async function dryRun(triggers: readonly NamedTrigger[], flags: NotifyFlags, context: CommandContext): Promise<void> {
  const { output } = context;
  const target = await context.targetOf(flags);
  for (const { trigger, idempotency_key } of triggers) {
    const request = redactRequest(await context.describeRequest(trigger, idempotency_key, flags));
    if (output.verbosity.json) output.json({ dry_run: true, ...request }, triggers.length > 1);
    else {
      output.line(`${output.paint.dim(`dry run, target ${target}, nothing sent:`)} ${request.method} ${request.path}`);
      for (const [name, value] of Object.entries(request.headers))
        output.line(`${output.paint.dim(`${name}:`)} ${value}`);
      output.line(JSON.stringify(request.body, null, 2));
    }
  }
}

/** Where the target's clock stands: what "in 30m" counts from. */
async function targetNow(operations: Operations, outcome: TriggerOutcome, context: CommandContext): Promise<number> {
  const waits = outcome.recipients?.some(({ steps }) => steps.some((step) => step.until));
  if (!waits || operations.target === "remote") return context.now();
  return Date.parse((await (operations as LocalOperations).readClock()).now);
}

/** Said at once, so that nobody looks at silence while a delay takes its real time. */
function noteWaiting(outcome: TriggerOutcome, now: number, { output }: CommandContext): void {
  const steps = (outcome.recipients ?? []).flatMap((one) => one.steps.filter((step) => step.outcome === "waiting"));
  if (steps.length === 0) return;
  const next = steps.flatMap(({ until }) => until ?? []).sort()[0];
  const when = next === undefined ? "" : `, the first${untilText(next, now)}`;
  output.note(
    `${outcome.workflow_run_id}: ${steps.length} waiting${when}; Ctrl-C shows what is known, knock clock advance in another shell moves time on`,
  );
}

async function runOne(
  one: NamedTrigger,
  operations: Operations,
  flags: NotifyFlags,
  context: CommandContext,
): Promise<TriggerOutcome> {
  const { output } = context;
  const started = await operations.triggerWorkflow(one.trigger, { idempotency_key: one.idempotency_key });
  if (flags.wait === undefined) return started;
  const timeout = flags.wait === true ? null : durationArgument(flags.wait, "--wait");
  noteWaiting(started, await targetNow(operations, started, context), context);
  return output.progress(`waiting for ${one.trigger.workflow}`, (tell) =>
    operations.awaitOutcome(started, {
      timeout_ms: timeout,
      signal: context.signal,
      onProgress: (ended, total) => tell(`waiting for ${one.trigger.workflow}: ${ended} of ${total} runs ended`),
    }),
  );
}

/** Unmet rules, told on standard error. */
function checkExpectations(outcome: TriggerOutcome, rules: readonly Expectation[], context: CommandContext): boolean {
  const unmet = rules.flatMap(({ rule, check }) => {
    const found = check(outcome);
    return found === null ? [] : [`expected ${rule}: ${found}`];
  });
  for (const text of unmet) context.output.errorLine(`${context.output.paintError.red("✗")} ${text}`);
  return unmet.length === 0;
}

async function runNotify(named: string | null, given: NotifyFlags, context: CommandContext): Promise<void> {
  const { output } = context;
  const [workflow, flags] = named === null && given.file === undefined ? await withKey(given, context) : [named, given];
  if (flags.wait !== undefined && flags.wait !== true) {
    // A word after --wait is its value, though it was meant as the workflow's key.
    const hint =
      workflow === null && flags.file === undefined
        ? `Put the workflow's key before it: knock notify ${flags.wait} --wait`
        : undefined;
    durationArgument(flags.wait, "--wait", hint);
  }
  const rules = (flags.expect ?? []).map(parseExpectation);
  const triggers = await readTriggers(workflow, flags, context);
  const target = await context.targetOf(flags);
  // A single local trigger is checked by the engine itself; but what is refused should leave no new store behind.
  if (target === "remote" || flags.dryRun || triggers.length > 1 || !(await context.hasStore(flags)))
    await checkByProject(triggers, flags, target, context);
  if (flags.dryRun) return dryRun(triggers, flags, context);

  const operations = await context.openOperations(flags);
  const many = triggers.some((one) => one.line !== null);
  const verdicts: Verdict[] = [];
  let met = true;
  for (const one of triggers) {
    if (verdicts.length > 0 && context.signal.aborted) break;
    try {
      const { tenant } = one.trigger;
      const meant = await meantTenant(tenant, localResources(operations));
      const outcome = await runOne(one, operations, flags, context);
      printOutcome(outcome, await targetNow(operations, outcome, context), output, many);
      if (meant !== null) output.warn(`tenant "${tenant?.id}" did not exist and was made. Did you mean "${meant}"?`);
      await warnOfUnidentified(outcome, localResources(operations), context);
      met = checkExpectations(outcome, rules, context) && met;
      verdicts.push(verdictOf(outcome));
    } catch (error) {
      // One of many: the others still go, and the exit code tells.
      if (!many || triggers.length === 1 || !(error instanceof KnockError)) throw error;
      printError(
        new KnockError(error.code, `${one.name}: ${error.message}`, { hint: error.hint, details: error.details }),
        output,
        false,
      );
      verdicts.push("failed");
    }
  }
  for (const key of new Set(triggers.map(({ trigger }) => trigger.workflow)))
    for (const text of await context.workflowWarnings(key, flags)) output.warn(`workflow "${key}": ${text}`);
  const verdict = combineVerdicts(verdicts);
  // Expectations, where given, are the user's own verdict.
  context.exit(rules.length > 0 ? (met ? 0 : 1) : VERDICT_EXIT[verdict]);
}
