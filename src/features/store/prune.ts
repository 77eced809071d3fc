import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";
import { parseDurationArgument } from "../../input/parse-time.js";
import { formatTime } from "../../output/format-time.js";
import type { Output } from "../../output/output.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { PruneReportDocument } from "./prune-schema.js";

const COUNTED = {
  partitions: "partitions",
  recipient_runs: "recipient runs",
  messages: "messages",
  delivery_logs: "delivery logs",
  batch_activities: "batch activities",
  workflow_runs: "workflow runs",
  idempotency_keys: "idempotency keys",
} as const;

/** Prints the number of deleted rows of each kind. */
function printPruneReport(report: PruneReportDocument, output: Output): void {
  const { colors, verbosity, zone } = output;
  if (verbosity.json) return output.json(report);
  if (verbosity.quiet) return;
  const verb = report.dry_run ? "would delete" : `${colors.green("✓")} deleted`;
  output.line(`${verb} runs that ended before ${formatTime(report.before, zone)}`);
  const isEmpty = Object.keys(COUNTED).every((name) => report[name as keyof typeof COUNTED] === 0);
  if (isEmpty && !verbosity.verbose) return output.line("  nothing to delete");
  for (const [name, label] of Object.entries(COUNTED)) {
    const count = report[name as keyof typeof COUNTED];
    if (count > 0 || verbosity.verbose) output.line(`  ${label.padEnd(18)}${count.toLocaleString("en-US")}`);
  }
}

/** A repeated request with an idempotency key of the last day must find its run. */
const MIN_AGE_MS = 24 * 3_600_000;

export function registerPrune(program: Command, context: CommandContext): void {
  const command = program
    .command("prune")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Delete old runs and messages")
    .description(
      "Delete old runs with their messages, logs and batch activities. Runs that still wait stay. Links in deleted messages stop working. In a PostgreSQL store, use the role that owns the tables: a month with only old runs is one partition, which is dropped.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .requiredOption("--older-than <duration>", "delete runs that ended longer ago than this, at least 24h")
    .option("--dry-run", "print the numbers without deleting anything");
  addExamples(
    addCommonOptions(addProjectOptions(command), "kinds of rows that it does not delete", { quiet: "print nothing" }),
    ["knock prune --older-than 90d --dry-run", "knock prune --older-than 90d"],
  );
  command.action((flags: CommonFlags & TargetFlags & { olderThan: string; dryRun?: boolean }) =>
    runPrune(flags, context),
  );
}

async function runPrune(
  { olderThan, dryRun = false, ...flags }: TargetFlags & { olderThan: string; dryRun?: boolean },
  { output, target, signal }: CommandContext,
): Promise<void> {
  const olderThanMs = parseDurationArgument(olderThan, "--older-than");
  if (olderThanMs < MIN_AGE_MS)
    throw new KnockError("usage", `--older-than: ${olderThan} is less than 24h`, {
      hint: "Use at least 24h, because idempotency keys are valid for 24 hours.",
    });
  const engine = await (dryRun ? target.openForCheck(flags) : target.openLocal(flags));
  const { before, ...counts } = await output.showProgress(dryRun ? "counting" : "deleting", (setText) =>
    engine.pruneRuns({
      olderThanMs,
      isDryRun: dryRun,
      signal,
      onProgress: ({ recipient_runs }) => setText(`${dryRun ? "counted" : "deleted"} ${recipient_runs} recipient runs`),
      onWarning: (text) => output.warn(text),
    }),
  );
  printPruneReport({ before: toIsoTime(before), dry_run: dryRun, ...counts }, output);
}
