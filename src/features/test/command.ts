import type { Command } from "commander";
import { isCI } from "../../commands/shared/ci-variables.js";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import {
  addCommonOptions,
  addProjectFileOptions,
  type CommonFlags,
  collectValues,
} from "../../commands/shared/options.js";
import { createReportFiles } from "../../commands/shared/report-files.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { parseDurationArgument } from "../../input/parse-time.js";
import { printError } from "../../output/print-error.js";
import { createNameFilter, isNamePattern } from "../../scenarios/name-filter.js";
import type { TestOptions } from "../../scenarios/test-options.js";
import type { ReportedFile, TestReport } from "../../scenarios/test-report.js";
import { needDetails, Reporters, selectReporters } from "./parse-reporters.js";
import { REPORTER_NAMES } from "./reporters/reporters.js";

/** The time limit of a scenario, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_SEED = "knock";
const MAX_REPEAT = 10_000;
const MAX_WORKERS = 64;

interface TestCommandFlags extends CommonFlags, TargetFlags {
  filter?: string;
  bail?: boolean;
  update?: boolean;
  force?: boolean;
  seed?: string;
  passWithNoTests?: boolean;
  repeat?: string;
  shard?: string;
  workers?: string;
  changed?: string | true;
  watch?: boolean;
  coverage?: boolean;
  coverageThreshold?: string;
  mutate?: boolean;
  emails?: boolean;
  strict?: boolean;
  reporter?: string[];
}

export function registerTest(program: Command, context: CommandContext): void {
  const command = program
    .command("test")
    .helpGroup(COMMAND_GROUPS.develop)
    .argument(
      "[paths...]",
      "files, folders, or workflow keys (default: all *.test.yaml and *.test.json of the project)",
    )
    .summary("Test workflows with scenarios")
    .description("Run the scenarios of *.test.yaml files, each with its own data and clock. Exit 1 if one fails.")
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--filter <text>", "run only scenarios whose name contains the text, or matches a pattern such as /email$/")
    .option("--bail", "stop at the first failure")
    .option("--update", "write new and changed snapshots")
    .option("--force", "allow --update in CI")
    .option("--seed <seed>", `use this seed for IDs and random numbers (default: ${DEFAULT_SEED})`)
    .option("--timeout <duration>", "limit the time of one scenario (default: 10s)")
    .option("--pass-with-no-tests", "exit 0 if no scenario ran")
    .option("--repeat <n>", "run each scenario n times, to find results that vary (default: 1)")
    .option("--workers <n>", "run at most n files at the same time (default: number of processors)")
    .option("--shard <i/n>", "run one of n parts of the scenarios, such as 1/3")
    .option("--changed [revision]", "run only scenarios of workflows changed since a git revision (default: HEAD)")
    .option("--watch", "run again after each file change")
    .option(
      "--coverage",
      "report steps, branches, conditions and templates that no scenario reached, of the given workflows or all",
    )
    .option("--coverage-threshold <percent>", "exit 1 if the coverage is lower; implies --coverage")
    .option("--mutate", "change workflows one fault at a time, and list faults that no scenario notices")
    .option("--emails", "check the HTML, links and headers of the emails that scenarios send")
    .option("--strict", "treat problems that --emails finds as errors (exit 1)")
    .option(
      "--reporter <name[=file]>",
      `report as ${REPORTER_NAMES.slice(0, -1).join(", ")} or ${REPORTER_NAMES.at(-1)}, to a file or standard output; repeatable (default: terminal)`,
      collectValues,
    );
  addExamples(
    addCommonOptions(addProjectFileOptions(command), "the slowest scenarios", {
      quiet: "print only scenarios that did not pass, missing coverage and unnoticed faults",
    }),
    ({ workflow }) => [
      "knock test",
      `knock test ${workflow.key}`,
      "knock test --filter email",
      "knock test --reporter junit=junit.xml",
    ],
  ).action((paths: string[], flags: TestCommandFlags) => runTest(paths, flags, context));
}

/** Returns a whole number from 1 to `max`. Throws `usage` for anything else. */
function parseCount(value: string, flag: string, max: number): number {
  const count = Number(value);
  if (/^\d+$/.test(value) && count >= 1 && count <= max) return count;
  throw new KnockError("usage", `${flag}: ${JSON.stringify(value)} is not a whole number from 1 to ${max}`);
}

function parseTimeout(value: string): number {
  const hint = "Use a duration such as 500ms, 10s or 1m.";
  const timeoutMs = parseDurationArgument(value, "--timeout", Number(value) === 0 ? hint : undefined);
  if (timeoutMs > 0) return timeoutMs;
  throw new KnockError("usage", `--timeout: ${JSON.stringify(value)} must be longer than 0`, { hint });
}

function parseShard(value: string): { index: number; count: number } {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(value) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index >= 1 && index <= count) return { index, count };
  throw new KnockError("usage", `--shard: ${JSON.stringify(value)} is not a shard`, {
    hint: "Give the number of the shard and the number of shards, such as 1/3 for the first of three.",
  });
}

function parseThreshold(value: string): number {
  const percent = Number(value);
  if (/^\d+(\.\d+)?$/.test(value) && percent <= 100) return percent;
  throw new KnockError("usage", `--coverage-threshold: ${JSON.stringify(value)} is not a percentage from 0 to 100`);
}

function parseOptions(paths: string[], flags: TestCommandFlags, isCI: boolean): Omit<TestOptions, "recordsDetails"> {
  if (flags.update && isCI && !flags.force)
    throw new KnockError("usage", "--update is not allowed in CI, because it would accept every change", {
      hint: "Run `knock test --update` locally and commit the snapshots, or add --force.",
    });
  if (flags.watch && flags.json)
    throw new KnockError("usage", "--watch cannot be combined with --json", { hint: "Remove one of them." });
  if (flags.strict && !flags.emails)
    throw new KnockError("usage", "--strict needs --emails", { hint: "Add --emails, or remove --strict." });
  const { filter = null, changed } = flags;
  createNameFilter(filter); // An invalid pattern is reported before anything runs.
  const threshold = flags.coverageThreshold === undefined ? null : parseThreshold(flags.coverageThreshold);
  const coverage = flags.coverage || threshold !== null ? { threshold } : null;
  const mutate = flags.mutate ?? false;
  return {
    paths,
    filter,
    bail: flags.bail ?? false,
    snapshots: flags.update ? "update" : isCI ? "compare" : "add",
    seed: flags.seed ?? DEFAULT_SEED,
    timeoutMs: flags.timeout === undefined ? DEFAULT_TIMEOUT_MS : parseTimeout(flags.timeout),
    repeat: flags.repeat === undefined ? 1 : parseCount(flags.repeat, "--repeat", MAX_REPEAT),
    shard: flags.shard === undefined ? null : parseShard(flags.shard),
    workers: flags.workers === undefined ? null : parseCount(flags.workers, "--workers", MAX_WORKERS),
    changedSince: changed === undefined ? null : changed === true ? "HEAD" : changed,
    emails: flags.emails ? { strict: flags.strict ?? false } : null,
    recordsReached: coverage !== null || mutate,
    coverage,
    mutate,
  };
}

function getExitCode({ summary, coverage, mutation, emails }: TestReport, passWithNoTests: boolean): number | null {
  if (summary.broken > 0) return EXIT.configuration;
  if (summary.failed > 0) return EXIT.failure;
  if (summary.passed === 0 && !passWithNoTests) return EXIT.failure;
  if (emails?.findings.some(({ severity }) => severity === "error")) return EXIT.failure;
  return coverage?.passed === false || (mutation?.survivors.length ?? 0) > 0 ? EXIT.failure : null;
}

/** Returns a function that shows the number of scenarios that ran, and of those that did not pass. */
function createProgress(setText: (text: string) => void): (file: ReportedFile) => void {
  let count = 0;
  let problems = 0;
  return ({ scenarios }) => {
    count += scenarios.length;
    problems += scenarios.filter(({ status }) => status === "failed" || status === "broken").length;
    setText(`running scenarios: ${count} done${problems > 0 ? `, ${problems} failed` : ""}`);
  };
}

/** Returns why no scenario was selected, and what to do. */
function explainNoScenario(
  { filter, changedSince, shard }: TestOptions,
  { skipped }: TestReport["summary"],
): { reason: string; hint: string } {
  if (skipped > 0)
    return { reason: ": all selected scenarios are skipped", hint: "Remove skip, or use --pass-with-no-tests." };
  if (filter !== null) {
    const verb = isNamePattern(filter) ? `matches ${filter}` : `contains ${JSON.stringify(filter)}`;
    const hint = "Use a part of a scenario's name, or run `knock test` without --filter to see all names.";
    return { reason: `: no scenario's name ${verb}`, hint };
  }
  if (changedSince !== null)
    return {
      reason: `: nothing that a scenario uses changed since ${changedSince}`,
      hint: "Run without --changed, or use --pass-with-no-tests.",
    };
  if (shard !== null)
    return { reason: ` in part ${shard.index}/${shard.count}`, hint: "Use fewer parts, or --pass-with-no-tests." };
  return {
    reason: "",
    hint: "Create a file such as knock/workflows/<key>/<name>.test.yaml, or use --pass-with-no-tests.",
  };
}

async function runTest(paths: string[], flags: TestCommandFlags, context: CommandContext): Promise<void> {
  const parsed = parseOptions(paths, flags, isCI(context.io.env));
  const { io, output } = context;
  const reportFiles = createReportFiles(io, output);
  const selected = selectReporters(flags.reporter ?? [], {
    isJson: output.verbosity.json,
    isGitHubActions: reportFiles.isGitHubActions(),
  });
  const options = { ...parsed, recordsDetails: needDetails(selected) };
  const runOnce = async (): Promise<void> => {
    const reporters = await Reporters.open(selected, output, reportFiles);
    const project = await context.files.require(flags);
    const { TestRunner } = await import("./run-tests.js");
    const report = await output.showProgress("running scenarios", (setText) => {
      const progress = createProgress(setText);
      return new TestRunner(project, io, options, output).run({
        onFile(file) {
          reporters.addFile(file);
          progress(file);
        },
        onMutant: (count, total) => setText(`running mutants: ${count} of ${total} done`),
      });
    });
    const { summary } = report;
    if (summary.broken + summary.failed + summary.passed === 0 && !flags.passWithNoTests) {
      const { reason, hint } = explainNoScenario(options, summary);
      output.warn(`no scenario ran${reason}`);
      output.note(`${output.errorColors.dim("hint:")} ${hint}`);
    }
    const code = getExitCode(report, flags.passWithNoTests ?? false);
    if (code !== null && !flags.watch) context.setExitCode(code);
    await reporters.finish(report);
  };
  if (!flags.watch) return runOnce();
  const written = selected.flatMap(({ file }) => (file === null ? [] : [file]));
  const { watchProject } = await import("../../watch/watch-project.js");
  const waitForChange = await watchProject(context, flags, written);
  do {
    try {
      await runOnce();
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      printError(error, output, false);
    }
  } while (await waitForChange());
}
