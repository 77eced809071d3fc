import type { Command } from "commander";
import { EXIT } from "../errors/error-codes.js";
import { KnockError } from "../errors/knock-error.js";
import { parseDurationArgument } from "../input/parse-time.js";
import { printTestFile, printTestSummary } from "../output/print-test-report.js";
import type { CommandContext } from "./context.js";
import type { TargetFlags, TestService } from "./services.js";
import { addExamples } from "./shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addCommonOptions, addLocalOptions, type CommonFlags } from "./shared/options.js";

/** The time limit of a scenario, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_SEED = "knock";

interface TestCommandFlags extends CommonFlags, TargetFlags {
  filter?: string;
  bail?: boolean;
  update?: boolean;
  force?: boolean;
  seed?: string;
  passWithNoTests?: boolean;
}

export function registerTest(program: Command, context: CommandContext, services: TestService): void {
  const command = program
    .command("test")
    .helpGroup(COMMAND_GROUPS.develop)
    .argument("[paths...]", "files and folders (default: all *.test.yaml and *.test.json of the project)")
    .summary("Test workflows with scenarios")
    .description("Run the scenarios of *.test.yaml files, each with its own data and clock. Exit 1 if one fails.")
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--filter <text>", "run only scenarios whose name contains the text, or matches /a pattern/")
    .option("--bail", "stop at the first failure")
    .option("--update", "write new and changed snapshots")
    .option("--force", "allow --update in CI")
    .option("--seed <seed>", `use this seed for IDs and random numbers (default: ${DEFAULT_SEED})`)
    .option("--timeout <duration>", "limit the time of one scenario (default: 10s)")
    .option("--pass-with-no-tests", "exit 0 if no scenario ran");
  addExamples(addCommonOptions(addLocalOptions(command)), ["knock test", "knock test --filter email"]).action(
    (paths: string[], flags: TestCommandFlags) => runTest(paths, flags, context, services),
  );
}

/** Returns whether a name matches `--filter`. Throws `usage` for an invalid pattern. */
function parseFilter(filter: string | undefined): ((name: string) => boolean) | null {
  if (filter === undefined) return null;
  const [, pattern] = /^\/(.+)\/$/.exec(filter) ?? [];
  if (pattern === undefined) return (name) => name.toLowerCase().includes(filter.toLowerCase());
  try {
    const expression = new RegExp(pattern, "iu");
    return (name) => expression.test(name);
  } catch {
    throw new KnockError("usage", `--filter: ${filter} is not a regular expression`, {
      hint: "Use plain text to search for a part of the name.",
    });
  }
}

async function runTest(
  paths: string[],
  flags: TestCommandFlags,
  context: CommandContext,
  services: TestService,
): Promise<void> {
  const isCI = services.isCI();
  if (flags.update && isCI && !flags.force)
    throw new KnockError("usage", "--update is not allowed in CI, because it would accept every change", {
      hint: "Run `knock test --update` locally and commit the snapshots, or add --force.",
    });
  const options = {
    paths,
    filter: parseFilter(flags.filter),
    bail: flags.bail ?? false,
    snapshots: flags.update ? ("update" as const) : isCI ? ("compare" as const) : ("add" as const),
    seed: flags.seed ?? DEFAULT_SEED,
    timeoutMs: flags.timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDurationArgument(flags.timeout, "--timeout"),
  };
  const { output } = context;
  const report = await services.runTests(options, flags, (file) => printTestFile(file, output));
  printTestSummary(report, output);
  const { broken, failed, passed } = report.summary;
  if (broken > 0) context.setExitCode(EXIT.configuration);
  else if (failed > 0) context.setExitCode(EXIT.failure);
  else if (passed === 0 && !flags.passWithNoTests) {
    output.warn("no scenario ran");
    output.note("Create a file such as knock/workflows/<key>/<name>.test.yaml, or use --pass-with-no-tests.");
    context.setExitCode(EXIT.failure);
  }
}
