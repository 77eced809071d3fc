import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import {
  addBranchOption,
  addCommonOptions,
  addProjectFileOptions,
  type CommonFlags,
} from "../../commands/shared/options.js";
import { createReportFiles } from "../../commands/shared/report-files.js";
import { readTimedTriggers } from "../../comparison/read-timed-triggers.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { parseDurationArgument } from "../../input/parse-time.js";
import { formatInputName } from "../../input/trigger-payload.js";
import { readPrices } from "../../project/read-prices.js";
import { printForecastReport } from "./print-forecast.js";
import { parseQuietHours } from "./quiet-hours.js";
import { renderForecastSvg } from "./render-forecast-svg.js";

const DEFAULT_DURATION_MS = 30 * 86_400_000;

interface ForecastFlags extends CommonFlags, TargetFlags {
  duration?: string;
  maxPerDay?: string;
  quietHours?: string;
  prices?: string;
  svg?: string;
}

export function registerForecast(program: Command, context: CommandContext): void {
  const command = program
    .command("forecast")
    .helpGroup(COMMAND_GROUPS.develop)
    .argument("<file>", "a JSON Lines file of triggers, each with a time in `at`; - is standard input")
    .summary("Estimate a month of messages from a file of triggers")
    .description(
      "Run triggers at their times in a new store in memory, and count the messages of each recipient, day and channel. Nothing is sent. Exit 1 if a recipient gets more messages on a day than --max-per-day allows.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--duration <duration>", "set the simulated time after the first trigger (default: 30d)")
    .option("--max-per-day <n>", "exit 1 if a recipient gets more than this number of messages on a day")
    .option("--quiet-hours <hours>", "list messages in these hours of the recipient's time zone, such as 22:00-08:00")
    .option("--prices <file>", "print the cost of the messages with these prices (default: prices.json of the project)")
    .option("--svg <file>", "write a plot of the messages of each day");
  addExamples(
    addCommonOptions(addBranchOption(addProjectFileOptions(command)), "all rows of long tables", {
      quiet: "print nothing",
    }),
    ({ timedFile }) => [
      `knock forecast ${timedFile}`,
      `knock forecast ${timedFile} --max-per-day 5 --quiet-hours 22:00-08:00`,
    ],
  ).action((file: string, flags: ForecastFlags) => runForecastCommand(file, flags, context));
}

function parseMaxPerDay(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new KnockError("usage", `--max-per-day: ${JSON.stringify(value)} is not a number of messages`, {
    hint: "For example --max-per-day 5.",
  });
}

async function runForecastCommand(
  file: string,
  flags: ForecastFlags,
  { io, input, output, project, setExitCode }: CommandContext,
): Promise<void> {
  const { duration, maxPerDay, quietHours, svg } = flags;
  const limits = {
    maxPerDay: maxPerDay === undefined ? null : parseMaxPerDay(maxPerDay),
    quietHours: quietHours === undefined ? null : parseQuietHours(quietHours, "--quiet-hours"),
  };
  const durationMs = duration === undefined ? DEFAULT_DURATION_MS : parseDurationArgument(duration, "--duration");
  const triggers = await readTimedTriggers(file, input);
  if (triggers.length === 0)
    throw new KnockError("usage", `${formatInputName(file)} contains no triggers`, {
      hint: 'Write one trigger per line: {"at":"2026-03-01T09:00:00Z","key":"welcome","recipients":["ada"]}',
    });
  const report = await output.showProgress("forecasting", async (setProgress) => {
    const files = await project.requireLocalFiles(flags);
    const prices = await readPrices(files, io.cwd, flags.prices);
    const { runForecast } = await import("./run-forecast.js");
    const warn = (text: string, hint?: string): void => output.warn(text, hint);
    return runForecast({ triggers, durationMs, limits, prices }, { project: files, io, warn, setProgress });
  });
  printForecastReport(report, output);
  if (svg !== undefined)
    createReportFiles(io, output).writeReport(svg, renderForecastSvg(report, formatInputName(file)));
  if (report.summary.over_budget > 0) setExitCode(EXIT.failure);
  else if (report.summary.rejected > 0)
    setExitCode(report.summary.rejected === report.summary.triggers ? EXIT.failure : EXIT.partial);
}
