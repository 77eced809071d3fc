import type { Command } from "commander";
import { checkFilterNames } from "../../commands/shared/check-filter-names.js";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addProjectOptions, type CommonFlags } from "../../commands/shared/options.js";
import { addRunFilterOptions, parseRunFilter, type RunFilterFlags } from "../../commands/shared/run-filters.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";

/** Interval between looks at the store. Other processes write to it without a notification. */
const POLL_MS = 500;

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

interface LogsFlags extends CommonFlags, TargetFlags, RunFilterFlags {
  follow?: boolean;
  limit?: string;
}

export function registerLogs(program: Command, context: CommandContext): void {
  const command = program
    .command("logs")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("Print what happens in the local store")
    .description(
      "Print triggers, steps with reasons, messages, requests and events of sources of the local store, one line each, oldest first. Times are those of the store's clock.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("-f, --follow", "print new entries as they happen, until stopped")
    .option("--limit <n>", `print up to this number of past entries, 0 to ${MAX_LIMIT}`, String(DEFAULT_LIMIT));
  addRunFilterOptions(command);
  addExamples(addCommonOptions(addProjectOptions(command), undefined, OUTPUT_TEXTS), ({ workflow }) => [
    `knock logs --workflow ${workflow.key}`,
    "knock logs --follow",
  ]);
  command.action((flags: LogsFlags) => runLogs(flags, context));
}

const OUTPUT_TEXTS = { json: "print one JSON document per line", quiet: "print only errors" };

function parseLimit(value: string | undefined): number {
  const limit = Number(value ?? DEFAULT_LIMIT);
  if (/^\d+$/.test(value ?? "0") && limit <= MAX_LIMIT) return limit;
  throw new KnockError("usage", `--limit: ${JSON.stringify(value)} must be a whole number from 0 to ${MAX_LIMIT}`, {
    hint: "Add --follow to print new entries as they happen.",
  });
}

async function runLogs(flags: LogsFlags, context: CommandContext): Promise<void> {
  const limit = parseLimit(flags.limit);
  const readFilter = parseRunFilter(flags);
  const { output, signal } = context;
  const [{ LogReader }, { EntryPrinter }, { openLocalTarget }] = await Promise.all([
    import("./log-reader.js"),
    import("./entry-printer.js"),
    import("../../context/open-local-target.js"),
  ]);
  const { operations, sources } = await openLocalTarget(context, flags);
  const filter = await readFilter(operations);
  const reader = new LogReader(operations, sources, filter);
  const printer = new EntryPrinter(output);
  let token = await operations.readChangeToken();
  const past = await reader.readNew(limit);
  printer.print(limit === 0 ? [] : past.slice(-limit));
  if (past.length === 0) await checkFilterNames(filter, flags, operations, context);
  if (!flags.follow) {
    if (past.length === 0 && !output.verbosity.json) output.note("nothing has happened yet");
    return;
  }
  output.note("waiting for new entries; press Ctrl-C to stop");
  while (!signal.aborted) {
    await context.sleep(POLL_MS, signal);
    const next = signal.aborted ? token : await operations.readChangeToken();
    if (next === token) continue;
    token = next;
    printer.print(await reader.readNew(0));
  }
}
