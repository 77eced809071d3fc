import { type Command, Option } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { EXIT } from "../../errors/error-codes.js";
import type { Output } from "../../output/output.js";
import { type AccountFlags, addAccountConnection, addFileOptions, addScopeOptions } from "./account-options.js";
import { formatScope, STATE_LABELS } from "./print-plan.js";
import type { PulledResource, PullReport } from "./pull-report-schema.js";

interface PullFlags extends AccountFlags {
  /** The official command needs it to pull everything. */
  all?: boolean;
  force?: boolean;
}

export function registerPull(program: Command, context: CommandContext): void {
  const command = program
    .command("pull")
    .helpGroup(COMMAND_GROUPS.account)
    .argument("[resources...]", "resources such as workflows/welcome, or folders such as workflows (default: all)")
    .summary("Write the account's resources into the project's files")
    .description(
      "Write workflows, layouts, partials and the other resources of the account into the project's files, all or none. Files that you have changed are kept. If the account has also changed them, its version is written to .knock-local, and the exit code is 1.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .addOption(new Option("--all", "use all resources, which is the default").hideHelp())
    .option("--force", "overwrite files that you have changed with the account's version");
  addAccountConnection(addScopeOptions(addFileOptions(command)), { changes: false });
  addExamples(
    addCommonOptions(command, undefined, { quiet: "print only the names of resources that were written or deleted" }),
    ({ workflow }) => ["knock pull", `knock pull workflows/${workflow.key} --force`],
  ).action((resources: string[], flags: PullFlags) => runPull(resources, flags, context));
}

async function runPull(resources: readonly string[], flags: PullFlags, context: CommandContext): Promise<void> {
  const { output, setExitCode } = context;
  const { withAccountSession } = await import("./account-session.js");
  const { parseSelectors } = await import("./select-resources.js");
  const { pullResources } = await import("./run-pull.js");
  const report = await output.showProgress("reading the account", () =>
    withAccountSession(flags, context, async (session) => {
      const selectors = parseSelectors(resources, { knockDir: session.knockDir, cwd: context.io.cwd });
      return pullResources(session, selectors, { force: flags.force ?? false });
    }),
  );
  printPull(report, output);
  if (report.summary.conflicts > 0) setExitCode(EXIT.failure);
}

const MARKS: Readonly<Record<PulledResource["action"], string>> = {
  written: "~",
  deleted: "-",
  kept: " ",
  conflict: "!",
};

function describeAction({ action, state }: PulledResource): string {
  if (action === "written") return state === "new_there" ? "new" : "updated";
  return action === "kept" ? `kept: ${STATE_LABELS[state]}` : action;
}

/** Prints how to decide about a resource that both sides have changed. */
function printConflict({ resource, files, account_version }: PulledResource, output: Output): void {
  if (account_version === null) output.line("      The account has deleted it.");
  else
    output.lines([
      "      Compare:",
      "        git diff --no-index \\",
      `          ${files[0]} \\`,
      `          ${account_version}`,
    ]);
  output.line(output.nameCommand(`      Use the account's: knock pull ${resource} --force`));
  output.line(output.nameCommand(`      Use yours:         knock push ${resource} --force`));
}

function printPull(report: PullReport, output: Output): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) return output.json(report);
  const changed = report.resources.filter(({ action }) => action === "written" || action === "deleted");
  if (verbosity.quiet) return output.lines(changed.map(({ resource }) => resource));
  const { written, deleted, kept, conflicts, unchanged } = report.summary;
  const nameWidth = Math.min(40, Math.max(0, ...report.resources.map(({ resource }) => resource.length)));
  output.line(`${paint.bold(formatScope(report))}\n`);
  for (const resource of report.resources) {
    output.line(`  ${MARKS[resource.action]} ${resource.resource.padEnd(nameWidth)}  ${describeAction(resource)}`);
    if (resource.action === "conflict") printConflict(resource, output);
  }
  if (report.resources.length > 0) output.line();
  for (const note of report.notes) output.note(`note: ${note}`);
  const parts = [
    `${written} written`,
    ...(deleted > 0 ? [`${deleted} deleted`] : []),
    ...(kept > 0 ? [`${kept} kept`] : []),
    ...(conflicts > 0 ? [`${conflicts} changed on both sides`] : []),
  ];
  const mark = conflicts > 0 ? paint.red("✗") : paint.green("✓");
  output.line(`${mark} ${parts.join(", ")} (${unchanged} unchanged)`);
}
