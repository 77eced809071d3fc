import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addTargetOptions, type CommonFlags } from "../../commands/shared/options.js";
import { createReportFiles } from "../../commands/shared/report-files.js";
import { MAX_CONCURRENT_READS } from "../../comparison/map-concurrently.js";
import { printReplayReport } from "../../comparison/print-replay-report.js";
import { readTimedTriggers } from "../../comparison/read-timed-triggers.js";
import { hasDifferences, type ReplayReport } from "../../comparison/replay-report.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { PAST_TIME_FORM, parseDurationArgument, parseTimeArgument } from "../../input/parse-time.js";
import { formatInputName } from "../../input/trigger-payload.js";
import { parseDuration } from "../../util/duration.js";
import type { ReplayOptions } from "./replay-options.js";
import { buildReplayPage } from "./replay-page.js";

/** Recorded messages may have been sent a little late, because their work waited for a worker. */
const RECORDED_TOLERANCE_MS = 5 * 60_000;

/** Limits what is read from an account into memory, with at least two requests for each recipient run. */
const MAX_ACCOUNT_RUNS = 20_000;

/** The connection for reading an account, which takes many requests. A refused request is repeated when the API allows it. */
const ACCOUNT_CONNECTION = { concurrency: MAX_CONCURRENT_READS, retries: 2, onRateLimited: () => {} };

/** The mode of reports, which contain messages and recipients. */
const OWNER_ONLY = 0o600;

interface ReplayFlags extends CommonFlags, TargetFlags {
  file?: string;
  since?: string;
  until?: string;
  against?: string;
  timeTolerance?: string;
  content: boolean;
  html?: string;
  limit?: string;
  keepPersonalData?: boolean;
}

export function registerReplay(program: Command, context: CommandContext): void {
  const command = program
    .command("replay")
    .helpGroup(COMMAND_GROUPS.develop)
    .argument("[keys...]", "workflows (default: all)")
    .summary("Run past triggers against changed workflows")
    .description(
      "Run past triggers again at their own times, in a new store in memory, against the current files. List the recipients who gain, lose or get different messages. Nothing is sent. Exit 1 if there are differences.",
    )
    .optionsGroup(OPTION_GROUPS.selection)
    .option(
      "-f, --file <path>",
      "read the triggers from a JSON Lines file, each with a time in `at`; - is standard input",
    )
    .option("--since <time>", "use only triggers since a time or a duration before now (default of --remote: 24h)")
    .option("--until <time>", "use only triggers up to this time")
    .option("--limit <n>", "read up to this number of recipient runs with --remote, the newest (default: 1000)")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option(
      "--against <revision>",
      "compare with another version of the files, a git revision or a folder (default: the messages that were sent; with --file: HEAD)",
    )
    .option("--no-content", "compare which messages are sent, not their content")
    .option(
      "--time-tolerance <duration>",
      "ignore smaller differences of the time of a message (default: 5m; with --against: 0s)",
    )
    .option("--keep-personal-data", "show personal data instead of pseudonyms, with --remote");
  addCommonOptions(addTargetOptions(command), "renamed steps", { quiet: "print only recipients with differences" })
    .optionsGroup(OPTION_GROUPS.output)
    .option("--html <file>", "write the differences to one HTML page, besides the output");
  addExamples(command, ({ workflow }) => ["knock replay", `knock replay ${workflow.key} --since 2026-01-01`]).action(
    (keys: string[], flags: ReplayFlags) => runCommand(keys, flags, context),
  );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_ACCOUNT_RUNS) return limit;
  const maximum = MAX_ACCOUNT_RUNS.toLocaleString("en-US");
  throw new KnockError("usage", `--limit: ${JSON.stringify(text)} must be a whole number from 1 to ${maximum}`, {
    hint: "For example --limit 100.",
  });
}

async function readOptions(workflows: string[], flags: ReplayFlags, context: CommandContext): Promise<ReplayOptions> {
  const last = flags.since === undefined ? null : (parseDuration(flags.since) ?? null);
  const since =
    flags.since === undefined || last !== null ? null : parseTimeArgument(flags.since, "--since", PAST_TIME_FORM);
  const until = flags.until === undefined ? null : parseTimeArgument(flags.until, "--until");
  const { file, timeTolerance, content } = flags;
  const against = flags.against ?? (file === undefined ? null : "HEAD");
  const tolerance =
    timeTolerance === undefined
      ? against === null
        ? RECORDED_TOLERANCE_MS
        : 0
      : parseDurationArgument(timeTolerance, "--time-tolerance");
  return {
    file:
      file === undefined
        ? null
        : { name: formatInputName(file), triggers: await readTimedTriggers(file, context.input) },
    against,
    range: { since, until, workflows },
    last,
    limit: flags.limit === undefined ? null : parseLimit(flags.limit),
    keepsPersonalData: flags.keepPersonalData ?? false,
    tolerance,
    comparesContent: content,
  };
}

/**
 * Runs past triggers against the project's files, and compares the messages. Throws `project_missing`, and `usage` for
 * options that only triggers of the account have.
 */
async function replay(
  options: ReplayOptions,
  flags: TargetFlags,
  { target, project, settings, io, output }: CommandContext,
  setProgress: (text: string) => void,
): Promise<ReplayReport> {
  const { project: main, location } = await target.locate(flags, true);
  const context = {
    project: (await project.findFiles(flags)) ?? main,
    io,
    warn: (text: string) => output.warn(text),
    setProgress,
  };
  const { openFileSource, readAccountSource, withStoreSource } = await import("../../comparison/trigger-sources.js");
  const { runReplay } = await import("./run-replay.js");
  const { file, limit, keepsPersonalData } = options;
  if (file === null && (await settings.getTarget(flags)) === "remote")
    return runReplay(
      await readAccountSource(await target.open(flags, "read", ACCOUNT_CONNECTION), options, context),
      options,
      context,
    );
  if (limit !== null || keepsPersonalData)
    throw new KnockError("usage", "--limit and --keep-personal-data are only for triggers of the account", {
      hint: "Add --remote, without --file.",
    });
  return file === null
    ? withStoreSource(location, options, context, (source) => runReplay(source, options, context))
    : runReplay(openFileSource(file.name, file.triggers, options), options, context);
}

async function runCommand(keys: string[], flags: ReplayFlags, context: CommandContext): Promise<void> {
  const options = await readOptions(keys, flags, context);
  const { io, output } = context;
  const report = await output.showProgress("replaying triggers", (setText) => replay(options, flags, context, setText));
  if (report.summary.triggers === 0) output.warn("there are no triggers in this range");
  printReplayReport(report, output);
  if (flags.html !== undefined)
    createReportFiles(io, output, OWNER_ONLY).writeReport(flags.html, buildReplayPage(report));
  if (hasDifferences(report)) context.setExitCode(EXIT.failure);
}
