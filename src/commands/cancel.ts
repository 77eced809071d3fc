import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { TargetFlags } from "../context/target-flags.js";
import type { CancelOutcome, RecipientOutcome } from "../domain/run/outcome.js";
import { parseCancellation } from "../domain/trigger/parse-trigger.js";
import { EXIT } from "../errors/error-codes.js";
import { readCancelRecipients } from "../input/trigger-payload.js";
import { printCancellation } from "../output/print-outcome.js";
import type { Operations } from "../ports/operations.js";
import { sortByDistance } from "../util/find-nearest.js";
import { isJsonObject } from "../util/json.js";
import { addExamples } from "./shared/examples.js";
import {
  addExpectOption,
  checkExpectations,
  checkRuleSteps,
  type Expectation,
  type ExpectedOutcome,
  readRules,
  setExitCodeByExpectations,
  toExpectationsField,
  toRecipientOutcome,
} from "./shared/expectations.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions, addTargetOptions, type CommonFlags } from "./shared/options.js";

/** Limits the pending runs that are searched for cancellation keys, and the keys that are listed, if no run has the key. */
const MAX_SEARCHED_RUNS = 50;
const MAX_LISTED_KEYS = 5;

interface CancelFlags extends CommonFlags, TargetFlags {
  recipients?: string[];
  recipient?: string[];
  object?: string[];
  failIfNone?: boolean;
  expect?: string[];
}

export function registerCancel(program: Command, context: CommandContext): void {
  const command = program
    .command("cancel")
    .argument("<workflow>", "the workflow's key")
    .argument("<cancellation-key>", "the cancellation key of the trigger")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("Cancel pending runs")
    .description(
      "Cancel the pending runs of a workflow that have a cancellation key. Messages that already exist stay.",
    )
    .optionsGroup(OPTION_GROUPS.payload)
    .option("-r, --recipients <value...>", "cancel only for these recipients: IDs, JSON, @file.json or @-")
    .option("--recipient <value...>", "cancel only for these recipients, the same as --recipients")
    .option("--object <collection/id...>", "cancel only for these objects")
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--fail-if-none", "exit 1 if nothing was canceled");
  addExpectOption(command, "cancelled=2, not_cancellable=0, ada:delay_1=cancelled");
  addExamples(addCommonOptions(addTargetOptions(command)), ({ waiting: { key }, otherUser }) => [
    `knock cancel ${key} ${key}-42`,
    `knock cancel ${key} ${key}-42 --recipients ${otherUser} --json`,
    `knock cancel ${key} ${key}-42 --expect 'cancelled>=0'`,
  ]);
  command.action((workflow: string, key: string, flags: CancelFlags) => {
    return runCancel(workflow, key, flags, context);
  });
}

async function runCancel(workflow: string, key: string, flags: CancelFlags, context: CommandContext): Promise<void> {
  const listed =
    flags.recipients || flags.recipient ? [...(flags.recipients ?? []), ...(flags.recipient ?? [])] : undefined;
  const recipients = await readCancelRecipients({ recipients: listed, object: flags.object }, context.input);
  const cancellation = parseCancellation({ cancellation_key: key, recipients }, workflow);
  const rules = readRules(flags, "cancellation");
  await checkRuleSteps(rules, [workflow], flags, context);
  const operations = await context.target.open(flags);
  const outcome = await operations.cancelWorkflow(cancellation);
  const results = checkExpectations(rules, await readExpectedOutcome(outcome, rules, operations));
  const document = { ...outcome, ...toExpectationsField(results) };
  const { summary } = outcome;
  const isCanceled = summary === null || summary.cancelled > 0 || summary.unfinished_triggers > 0;
  const pendingKeys =
    outcome.recipients?.length === 0 && !isCanceled ? await listPendingKeys(workflow, key, operations) : [];
  printCancellation(document, { isFiltered: cancellation.recipients !== null, pendingKeys }, context.output);
  if (flags.failIfNone && !isCanceled) context.setExitCode(EXIT.failure);
  await setExitCodeByExpectations(results, `knock cancel ${workflow} ${key}`, context);
}

/** Returns the cancellation keys of the newest pending runs of a workflow, the nearest to `key` first. */
async function listPendingKeys(workflow: string, key: string, operations: Operations): Promise<string[]> {
  const keys = new Set<string>();
  for (const status of ["paused", "queued"] as const) {
    const { items } = await operations.listRecipientRuns({ workflow, status }, { limit: MAX_SEARCHED_RUNS });
    for (const { trigger_source: source } of items)
      if (isJsonObject(source) && typeof source.cancellation_key === "string") keys.add(source.cancellation_key);
  }
  keys.delete(key);
  return sortByDistance(key, [...keys]).slice(0, MAX_LISTED_KEYS);
}

/**
 * Reads the outcome that rules are checked against: the counters of the cancellation and, for rules about steps, the
 * current state of the canceled runs.
 */
async function readExpectedOutcome(
  { recipients, summary }: CancelOutcome,
  rules: readonly Expectation[],
  operations: Operations,
): Promise<ExpectedOutcome> {
  if (recipients === null || summary === null) return { recipients: null, summary: null };
  const counts = { ...summary, recipients: recipients.length };
  if (!rules.some(({ step }) => step !== null)) return { recipients: [], summary: counts };
  const runs: RecipientOutcome[] = [];
  for (const { recipient_run_id } of recipients) {
    const run = await operations.readRecipientRun(recipient_run_id);
    if (run !== null) runs.push(toRecipientOutcome(run));
  }
  return { recipients: runs, summary: counts };
}
