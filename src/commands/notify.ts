import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import { getVerdict, VERDICT_EXIT_CODES } from "../domain/run/outcome-verdict.js";
import { createIdempotencyKey } from "../domain/trigger/api-request.js";
import type { ParsedPayload } from "../domain/trigger/parse-trigger.js";
import { parseTriggerParts } from "../domain/trigger/split-payload.js";
import { EXIT } from "../errors/error-codes.js";
import { KnockError } from "../errors/knock-error.js";
import { locatePayloadErrors } from "../input/locate-payload-error.js";
import { parseDurationArgument } from "../input/parse-time.js";
import { hasPayloadLines, type NamedPayload, readPayload } from "../input/trigger-payload.js";
import { printError } from "../output/print-error.js";
import { getKeys } from "../util/json.js";
import { addAcceptedParts } from "./shared/accepted-parts.js";
import { addExamples, formatDataFlag, formatSetFlags } from "./shared/examples.js";
import { checkRuleSteps, type Expectation, RUN_RULE_EXAMPLES, readRules } from "./shared/expectations.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import type { LineTriggers, NotifyFlags } from "./shared/notify-flags.js";
import {
  addCommonOptions,
  addTargetOptions,
  addTriggerOptions,
  describeSwallowedArgument,
  findSwallowedArgument,
} from "./shared/options.js";
import { RecipientLimit } from "./shared/recipient-limit.js";
import {
  checkAgainstProject,
  checkRecipients,
  type NamedTrigger,
  printDryRun,
  printTriggerResult,
  type TriggerResult,
  triggerAndWait,
} from "./shared/trigger-and-wait.js";
import { readProjectWarnings } from "./shared/trigger-warnings.js";

export function registerNotify(program: Command, context: CommandContext, lines: LineTriggers): void {
  const command = program
    .command("notify")
    .alias("trigger")
    .argument("[workflow]", "the workflow's key")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("Trigger a workflow and print what happened to each recipient")
    .description("Trigger a workflow. Print the run's UUID, and what happened to each recipient and why.")
    .optionsGroup(OPTION_GROUPS.payload)
    .option("-r, --recipients <value...>", "notify these users: IDs (a,b), JSON, @file.json or @- (standard input)")
    .option("--recipient <value...>", "notify these users, the same as --recipients")
    .option("--object <collection/id...>", "notify these objects, as collection/id");
  addTriggerOptions(command)
    .option("--cancellation-key <key>", "set the key for a later `knock cancel`")
    .option(
      "--idempotency-key <key>",
      "return the first response for the same key within 24 hours; for a file, derive each line's key from it",
    )
    .option(
      "-f, --file <path>",
      "read one payload from JSON, or many from JSON Lines (.jsonl) or CSV (.csv); - is standard input",
    )
    .option("--format <format>", "set the format of --file: json, jsonl or csv (default: by file name)")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--sandbox-mode", "render and store messages without delivering them")
    .option("--skip-delay", "skip delay steps")
    .option("--wait [duration]", "wait until every run has ended, or for this duration")
    .option("--max-recipients <n>", "limit the number of recipients, counted over all lines of a file (exit 6)")
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--dry-run", "check the trigger and show the request without sending it")
    .option("--expect <rule...>", `exit 1 unless every rule is met, such as ${RUN_RULE_EXAMPLES}`)
    .option("--strict", "treat warnings as errors and trigger nothing");
  lines.addOptions(command.optionsGroup(OPTION_GROUPS.bulk));
  addTargetOptions(command).option("--no-validate", "skip the check of the trigger against the local project");
  addExamples(
    addCommonOptions(command, "all recipients, all steps"),
    ({ workflow, waiting, user, users, actor, payloadFile, linesFile }) => [
      `knock notify ${workflow.key} --recipients ${users} --actor ${actor}${formatDataFlag(workflow)}`,
      `knock notify ${workflow.key} -r ${user}${formatSetFlags(workflow)} --skip-delay --expect no-failures`,
      `knock notify ${waiting.key} -r '{"id":"zoe","email":"zoe@example.com"}'${formatSetFlags(waiting)} --cancellation-key ${waiting.key}-42`,
      `knock notify --file ${payloadFile} --dry-run`,
      `cat ${linesFile} | knock notify --file - --format jsonl --json`,
    ],
  );
  command.action((workflow: string | undefined, flags: NotifyFlags & { recipient?: string[] }) => {
    const recipients = [...(flags.recipients ?? []), ...(flags.recipient ?? [])];
    return runNotify(
      workflow ?? null,
      { ...flags, recipients: recipients.length > 0 ? recipients : undefined },
      lines,
      context,
    );
  });
}

/** Variadic options, which may have taken the workflow key as one of their values. */
const VARIADIC_OPTIONS = { recipients: "--recipients", object: "--object", expect: "--expect" } as const;

/**
 * Finds the workflow key in a command such as `--recipients ada new-comment`. Without a key there is nothing to
 * trigger, so the only word that names a workflow of the project must be the key. Throws `usage` if no such word is
 * found but an option took a word that may be the key.
 */
async function recoverWorkflowKey(
  flags: NotifyFlags,
  context: CommandContext,
): Promise<[key: string | null, flags: NotifyFlags]> {
  const names = getKeys(VARIADIC_OPTIONS);
  const keys = new Set<string>();
  for (const word of names.flatMap((name) => flags[name] ?? []))
    if (await context.project.hasWorkflow(word, flags)) keys.add(word);
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
    const values = flags[name] ?? [];
    const word = findSwallowedArgument(context.argv, values);
    if (word === undefined) continue;
    const missingArguments = ["the workflow's key"];
    throw new KnockError("usage", "no workflow key given", {
      hint: describeSwallowedArgument(VARIADIC_OPTIONS[name], { word, values, missingArguments }),
    });
  }
  return [null, flags];
}

async function runNotify(
  workflowArgument: string | null,
  notifyFlags: NotifyFlags,
  lines: LineTriggers,
  context: CommandContext,
): Promise<void> {
  const [workflow, flags] =
    workflowArgument === null && notifyFlags.file === undefined
      ? await recoverWorkflowKey(notifyFlags, context)
      : [workflowArgument, notifyFlags];
  if (flags.wait !== undefined && flags.wait !== true) {
    // A word after --wait is parsed as its value, even if it was meant as the workflow key.
    const hint =
      workflow === null && flags.file === undefined
        ? {
            hint: `Put the workflow key first: knock notify ${flags.wait} --wait`,
            typed: ["--wait", flags.wait],
            meant: [flags.wait, "--wait"],
          }
        : undefined;
    parseDurationArgument(flags.wait, "--wait", hint);
  }
  if (workflow !== null && flags.file === undefined && /\.(?:jsonl?|csv)$/.test(workflow))
    throw new KnockError("usage", `${JSON.stringify(workflow)} is a file, not the key of a workflow`, {
      hint: { hint: `Did you mean --file ${workflow}?`, typed: [workflow], meant: ["--file", workflow] },
    });
  const rules = readRules(flags);
  if (hasPayloadLines(flags)) return lines.triggerLines(workflow, flags, rules, context);
  lines.rejectOptions(flags);
  try {
    await runSingle(workflow, flags, rules, context);
  } catch (error) {
    throw addStdinHint(error, workflow, flags, context);
  }
}

/**
 * Adds a hint to an error about missing recipients or data if standard input is piped but no flag reads it. Standard
 * input is not read to check this, because it may never end.
 */
function addStdinHint(error: unknown, workflow: string | null, flags: NotifyFlags, context: CommandContext): unknown {
  if (!(error instanceof KnockError) || !["usage", "invalid_params"].includes(error.code)) return error;
  const readsStdin = [...(flags.recipients ?? []), ...(flags.data ?? []), flags.actor, flags.tenant].includes("@-");
  if (flags.file !== undefined || readsStdin || !context.input.isPiped()) return error;
  const key = workflow ?? "<workflow>";
  const isAboutField = (pointer: string): boolean => error.details.some((detail) => detail.pointer.startsWith(pointer));
  const hint =
    flags.recipients === undefined && flags.object === undefined && isAboutField("/recipients")
      ? `Standard input was not read. Read a whole payload with: knock notify ${key} --file -. Read recipients with: --recipients @-`
      : flags.data === undefined && isAboutField("/data")
        ? `Standard input was not read. Read the data with: --data @-. Read a whole payload with: --file -`
        : null;
  if (hint === null) return error;
  return error.copyWith({ hint });
}

async function runSingle(
  workflow: string | null,
  flags: NotifyFlags,
  rules: readonly Expectation[],
  context: CommandContext,
): Promise<void> {
  const payload = await readPayload(flags, context.input);
  await locatePayloadErrors(payload, () => runPayload(payload, workflow, flags, rules, context));
}

/**
 * Returns the parts of a payload with idempotency keys, so that a command that is repeated with the key of an error does not notify
 * the recipients of the first parts twice. The keys are those that parsing gives to parts of a payload with a key.
 */
function addPartKeys(parts: ParsedPayload[]): ParsedPayload[] {
  if (parts.length === 1 || parts[0]?.idempotency_key != null) return parts;
  const key = createIdempotencyKey();
  return parts.map((part, index) => ({ ...part, idempotency_key: index === 0 ? key : `${key}-${index + 1}` }));
}

async function runPayload(
  { payload, name }: NamedPayload,
  workflow: string | null,
  flags: NotifyFlags,
  rules: readonly Expectation[],
  context: CommandContext,
): Promise<void> {
  const parts = addPartKeys(parseTriggerParts(payload, workflow, name));
  const target = await context.settings.getTarget(flags);
  const triggers = parts.map((parsed): NamedTrigger => ({ ...parsed, name }));
  const oneLine = triggers.length > 1;
  const [{ trigger: first }] = triggers as [NamedTrigger];
  new RecipientLimit(flags.maxRecipients).add(triggers);
  await checkRecipients(triggers, flags, context);
  await checkRuleSteps(rules, [first.workflow], flags, context);
  if (flags.dryRun) {
    for (const trigger of triggers) await printDryRun(trigger, flags, oneLine, context);
    return;
  }
  // The engine checks a local trigger itself, but a rejected trigger must not leave a new store behind.
  if (target === "remote" || !(await context.target.hasStore(flags)))
    for (const [index, trigger] of triggers.entries())
      triggers[index] = await checkAgainstProject(trigger, flags, context);
  const operations = await context.target.open(flags);
  const exitCodes = new Set<number>();
  for (const [index, trigger] of triggers.entries()) {
    const triggered = await triggerAndWait(trigger, operations, flags, context).catch((error: unknown) => {
      if (index === 0 || !(error instanceof KnockError)) throw error;
      const hint = `Run the command again with --idempotency-key ${triggers[0]?.idempotency_key} within 24 hours. Recipients that were triggered are then not triggered again.`;
      const located = addAcceptedParts(error, triggers, index, hint);
      if (error.code === "interrupted") throw located;
      printError(located, context.output, false);
      return null;
    });
    if (triggered === null) return context.setExitCode(EXIT.partial);
    const met = await printTriggerResult(triggered, operations, rules, { oneLine }, context);
    exitCodes.add(computePayloadExitCode(triggered, rules, met));
  }
  for (const text of await readProjectWarnings(first.workflow, flags, context)) context.output.warnOnce(text);
  const [code = EXIT.success] = exitCodes;
  context.setExitCode(exitCodes.size > 1 ? EXIT.partial : code);
}

/** Runs that have not ended have no final failures or rule results. Otherwise the rules decide if any are given. */
function computePayloadExitCode(
  { isTimedOut, outcome }: TriggerResult,
  rules: readonly Expectation[],
  areMet: boolean,
): number {
  if (isTimedOut) return EXIT.timed_out;
  if (rules.length > 0) return areMet ? EXIT.success : EXIT.failure;
  return VERDICT_EXIT_CODES[getVerdict(outcome)];
}
