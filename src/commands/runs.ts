import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { TargetFlags } from "../context/target-flags.js";
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
import { COMMAND_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions, addTargetOptions, type CommonFlags } from "./shared/options.js";
import { addPageOptions, type PageFlags, parsePage } from "./shared/paging.js";
import { resolveIdPrefix, suggestForMissingId } from "./shared/resolve-id-prefix.js";
import { addRunFilterOptions, parseRunFilter, type RunFilterFlags } from "./shared/run-filters.js";
import type { RunParts } from "./shared/run-parts.js";
import { registerRunsRetry } from "./shared/runs-retry.js";

interface ListFlags extends CommonFlags, TargetFlags, PageFlags, RunFilterFlags {}

export function registerRuns(program: Command, context: CommandContext, parts: RunParts): void {
  const runs = program
    .command("runs")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("List runs and show their steps")
    .description("List recipient runs, show their steps, and retry failed ones. Without a subcommand, list runs.");
  const list = runs.command("list", { isDefault: true }).description("List recipient runs, newest first");
  addRunFilterOptions(list);
  addExamples(addCommonOptions(addTargetOptions(addPageOptions(list))), ({ workflow }) => [
    `knock runs list --workflow ${workflow.key}`,
    "knock runs list --status waiting --json",
  ]);
  list.action(async (flags: ListFlags) => {
    const readFilter = parseRunFilter(flags);
    const page = parsePage(flags);
    const operations = await context.target.open(flags, "read");
    const filter = await readFilter(operations);
    const listed = await operations.listRecipientRuns(filter, page);
    if (listed.items.length === 0) await checkFilterNames(filter, flags, operations, context);
    printRuns(listed, context.output);
  });

  registerShow(runs, context, parts);
  registerRunsRetry(runs, context);
  parts.register(runs, context);
}

function registerShow(runs: Command, context: CommandContext, parts: RunParts): void {
  const show = runs
    .command("show")
    .argument("<id>", "the ID of a workflow run or recipient run")
    .description("Show a run with the outcome and reason of each step");
  addExamples(parts.addShowOptions(addExpectOption(addCommonOptions(addTargetOptions(show)))), ({ run }) => [
    `knock runs show ${run}`,
    `knock runs show ${run} --expect no-failures`,
    `knock runs show ${run} --as-scenario`,
  ]);
  show.action(async (typed: string, flags: CommonFlags & TargetFlags & ExpectFlags) => {
    if (await parts.showInstead(typed, flags, context)) return;
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
