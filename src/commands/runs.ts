import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { TargetFlags } from "../context/target-flags.js";
import { formatRunStatus, RUN_STATUSES } from "../domain/run/run-status.js";
import { KnockError } from "../errors/knock-error.js";
import { printOutcome } from "../output/print-outcome.js";
import { printRecipientRun, printRuns } from "../output/print-runs.js";
import { isLocal } from "../ports/operations.js";
import type { JsonObject } from "../util/json.js";
import { checkFilterNames } from "./shared/check-filter-names.js";
import { addExamples } from "./shared/examples.js";
import {
  addExpectOption,
  checkExpectations,
  checkRuleSteps,
  type ExpectFlags,
  readRules,
  setExitCodeByExpectations,
  toExpectationsField,
  toExpectationsJson,
  toExpectedOutcome,
  toRecipientOutcome,
} from "./shared/expectations.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions, addTargetOptions, type CommonFlags, ValueOption } from "./shared/options.js";
import { addPageOptions, type PageFlags, parseChoice, parsePage, parseRecipientKey } from "./shared/paging.js";
import { resolveIdPrefix, suggestForMissingId } from "./shared/resolve-id-prefix.js";
import { registerRunsRetry } from "./shared/runs-retry.js";

const COMPLETED_HINT =
  'Did you mean "completed"? Every run that has ended is completed, whether or not it sent messages.';
/** The words of text output for the run statuses of the API. */
const STATUS_BY_WORD = new Map(RUN_STATUSES.map((status) => [formatRunStatus(status), status]));
const STATUS_WORDS = [...STATUS_BY_WORD.keys()];
/** Hints for words, such as step outcomes, that users may type as a run status. */
const STATUS_HINTS = {
  delayed: 'Did you mean "waiting"? A run is waiting while one of its steps waits.',
  running: 'Did you mean "processing"?',
  ...{
    done: COMPLETED_HINT,
    ended: COMPLETED_HINT,
    finished: COMPLETED_HINT,
    passed: COMPLETED_HINT,
    sent: COMPLETED_HINT,
    sandboxed: COMPLETED_HINT,
    delivered: COMPLETED_HINT,
    skipped: COMPLETED_HINT,
    halted: COMPLETED_HINT,
  },
};

interface ListFlags extends CommonFlags, TargetFlags, PageFlags {
  workflow?: string;
  workflowRun?: string;
  recipient?: string;
  status?: string;
  tenant?: string;
}

export function registerRuns(program: Command, context: CommandContext): void {
  const runs = program
    .command("runs")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("List runs and show their steps")
    .description("List recipient runs, show their steps, and retry failed ones. Without a subcommand, list runs.");
  const list = runs
    .command("list", { isDefault: true })
    .description("List recipient runs, newest first")
    .optionsGroup(OPTION_GROUPS.filters)
    .option("--workflow <key>", "list only runs of this workflow")
    .option("--workflow-run <id>", "list only runs of this trigger")
    .option("-r, --recipient <id>", "list only runs of this user ID or collection/id")
    .addOption(new ValueOption("--status <status>", "list only runs with this status", STATUS_WORDS))
    .option("--tenant <id>", "list only runs of this tenant");
  addExamples(addCommonOptions(addTargetOptions(addPageOptions(list))), ({ workflow }) => [
    `knock runs list --workflow ${workflow.key}`,
    "knock runs list --status waiting --json",
  ]);
  list.action(async (flags: ListFlags) => {
    const recipient = parseRecipientKey(flags.recipient);
    // Text output uses the words of outcomes, and `--json` those of the API. Both can be copied into the filter.
    const typed = flags.status === undefined ? undefined : formatRunStatus(flags.status);
    const word = parseChoice(typed, STATUS_WORDS, "--status", STATUS_HINTS);
    const status = word === undefined ? undefined : STATUS_BY_WORD.get(word);
    const page = parsePage(flags);
    const operations = await context.target.open(flags, "read");
    const filter = {
      workflow: flags.workflow,
      workflow_run_id: flags.workflowRun && (await resolveIdPrefix(flags.workflowRun, ["workflow_run"], operations)),
      recipient,
      status,
      tenant: flags.tenant,
    };
    const listed = await operations.listRecipientRuns(filter, page);
    if (listed.items.length === 0) await checkFilterNames(filter, flags, operations, context);
    printRuns(listed, context.output);
  });

  registerShow(runs, context);
  registerRunsRetry(runs, context);
}

function registerShow(runs: Command, context: CommandContext): void {
  const show = runs
    .command("show")
    .argument("<id>", "the ID of a workflow run or recipient run")
    .description("Show a run with the outcome and reason of each step");
  addExamples(addExpectOption(addCommonOptions(addTargetOptions(show))), ({ run }) => [
    `knock runs show ${run}`,
    `knock runs show ${run} --expect no-failures`,
  ]);
  show.action(async (typed: string, flags: CommonFlags & TargetFlags & ExpectFlags) => {
    const rules = readRules(flags);
    const operations = await context.target.open(flags, "read");
    const id = await resolveIdPrefix(typed, ["workflow_run", "recipient_run"], operations);
    const outcome = await operations.readWorkflowRun(id);
    const run = outcome === null ? await operations.readRecipientRun(id) : null;
    if (outcome === null && run === null)
      throw new KnockError("resource_missing", `there is no run "${id}"`, {
        hint: await suggestForMissingId(typed, "run", operations),
      });
    await checkRuleSteps(rules, [outcome?.workflow ?? String(run?.workflow)], flags, context);
    const results = checkExpectations(rules, outcome ?? toExpectedOutcome([toRecipientOutcome(run as JsonObject)]));
    if (run !== null) printRecipientRun({ ...run, ...toExpectationsJson(results) }, context.output);
    else if (outcome !== null) {
      const now = isLocal(operations) ? Date.parse((await operations.readClock()).now) : context.now();
      printOutcome({ ...outcome, ...toExpectationsField(results) }, now, context.output);
    }
    await setExitCodeByExpectations(results, `knock runs show ${id}`, context);
  });
}
