import type { Command } from "commander";
import { hasDifferences } from "../domain/replay/replay-report.js";
import { EXIT } from "../errors/error-codes.js";
import { KnockError } from "../errors/knock-error.js";
import { parseDurationArgument, parseTimeArgument } from "../input/parse-time.js";
import { formatInputName } from "../input/trigger-payload.js";
import { printReplayReport } from "../output/print-replay.js";
import { buildReplayPage } from "../output/replay-page.js";
import type { CommandContext } from "./context.js";
import type { TargetFlags } from "./services.js";
import { addExamples } from "./shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions, addLocalOptions, type CommonFlags } from "./shared/options.js";
import { readTimedTriggers } from "./shared/read-timed-triggers.js";
import type { ReplayOptions, ReplayService } from "./shared/replay-service.js";

/** Recorded messages may have been sent a little late, because their work waited for a worker. */
const RECORDED_TOLERANCE_MS = 5 * 60_000;

interface ReplayFlags extends CommonFlags, TargetFlags {
  file?: string;
  since?: string;
  until?: string;
  against?: string;
  timeTolerance?: string;
  content: boolean;
  html?: string;
}

export function registerReplay(program: Command, context: CommandContext, services: ReplayService): void {
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
    .option("--since <time>", "use only triggers from this time on")
    .option("--until <time>", "use only triggers up to this time")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option(
      "--against <revision>",
      "compare with another version of the files, a git revision or a folder (default: the messages that were sent; with --file: HEAD)",
    )
    .option("--no-content", "compare which messages are sent, not their content")
    .option(
      "--time-tolerance <duration>",
      "ignore smaller differences of the time of a message (default: 5m; with --against: 0s)",
    );
  addCommonOptions(addLocalOptions(command))
    .optionsGroup(OPTION_GROUPS.output)
    .option("--html <file>", "write the differences to one HTML page as well");
  addExamples(command, ({ workflow }) => ["knock replay", `knock replay ${workflow.key} --since 2026-01-01`]).action(
    (keys: string[], flags: ReplayFlags) => runReplay(keys, flags, context, services),
  );
}

async function readOptions(workflows: string[], flags: ReplayFlags, context: CommandContext): Promise<ReplayOptions> {
  const since = flags.since === undefined ? null : parseTimeArgument(flags.since, "--since");
  const until = flags.until === undefined ? null : parseTimeArgument(flags.until, "--until");
  if (since !== null && until !== null && until < since)
    throw new KnockError("usage", "--until is before --since", { hint: "Swap the two times." });
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
    tolerance,
    comparesContent: content,
  };
}

async function runReplay(
  keys: string[],
  flags: ReplayFlags,
  context: CommandContext,
  services: ReplayService,
): Promise<void> {
  const options = await readOptions(keys, flags, context);
  const { output } = context;
  const report = await output.showProgress("replaying triggers", (setText) => services.replay(options, flags, setText));
  if (report.summary.triggers === 0) output.warn("there are no triggers in this range");
  if (flags.html !== undefined) services.writeReport(flags.html, buildReplayPage(report));
  printReplayReport(report, output);
  if (hasDifferences(report)) context.setExitCode(EXIT.failure);
}
