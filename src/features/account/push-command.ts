import { type Command, Option } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { confirmAccountChange } from "../../context/open-account.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { type AccountFlags, addAccountConnection, addFileOptions, addScopeOptions } from "./account-options.js";
import { runPlan } from "./plan-command.js";
import { formatScope } from "./print-plan.js";
import type { PushReport } from "./push-report-schema.js";

interface PushFlags extends AccountFlags {
  /** The official command needs it to push everything. */
  all?: boolean;
  message?: string;
  force?: boolean;
  resume?: boolean;
  dryRun?: boolean;
}

export function registerPush(program: Command, context: CommandContext): void {
  const command = program
    .command("push")
    .helpGroup(COMMAND_GROUPS.account)
    .argument("[resources...]", "resources such as workflows/welcome, or folders such as workflows (default: all)")
    .summary("Send the project's changed files to the account")
    .description(
      "Send the resources that you have changed to the account. All of them are checked first. They are sent in an order in which each follows those that it refers to, and the push stops at the first one that the account refuses. If the account has changed since your last pull or push, nothing is sent.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("-m, --message <text>", "commit the resources with this message after the push")
    .option("--dry-run", "show the changes, like `knock plan`")
    .option("--resume", "continue an incomplete push")
    .addOption(new Option("--all", "use all resources, which is the default").hideHelp())
    .option(
      "--force",
      "replace resources that were changed in the account, and push to other environments than development",
    );
  addAccountConnection(addScopeOptions(addFileOptions(command)), { changes: true });
  addExamples(
    addCommonOptions(command, undefined, { quiet: "print only the names of resources that were pushed" }),
    ({ workflow }) => [
      "knock push --dry-run",
      "knock push --message 'Shorter emails'",
      `knock push workflows/${workflow.key} partials`,
    ],
  ).action((resources: string[], flags: PushFlags) =>
    flags.dryRun ? runPlan(resources, flags, context) : runPush(resources, flags, context),
  );
}

async function runPush(resources: readonly string[], flags: PushFlags, context: CommandContext): Promise<void> {
  const { io, output } = context;
  if (flags.message?.trim() === "") throw new KnockError("usage", "--message: must not be empty");
  if (flags.resume && resources.length > 0)
    throw new KnockError("usage", "--resume continues the same resources, so it takes no others", {
      hint: "Remove the resources, or --resume.",
    });
  const { withAccountSession } = await import("./account-session.js");
  const { parseSelectors } = await import("./select-resources.js");
  const { pushResources } = await import("./run-push.js");
  const { report, error } = await withAccountSession(flags, context, (session) =>
    pushResources(
      session,
      parseSelectors(resources, { knockDir: session.knockDir, cwd: io.cwd }),
      { force: flags.force ?? false, message: flags.message ?? null, resume: flags.resume ?? false },
      {
        signal: context.signal,
        note: (text) => output.note(output.nameCommand(text)),
        warn: (text) => output.warn(text),
        showProgress: (text, work) => output.showProgress(text, work),
        confirm: (change) => confirmAccountChange(change, flags, context),
      },
    ),
  );
  printPush(report, output);
  if (error !== null) throw addResumeHint(error);
}

/** Returns the error at which a push stopped, with the command that continues it. */
function addResumeHint(error: unknown): unknown {
  if (!(error instanceof KnockError)) return error;
  const hint = error.hint === undefined ? "" : `${error.hint} `;
  return error.copyWith({ hint: `${hint}Then run \`knock push --resume\` to continue.` });
}

function printPush(report: PushReport, output: Output): void {
  const { verbosity, colors: paint } = output;
  if (verbosity.json) return output.json(report);
  if (verbosity.quiet) return output.lines(report.pushed);
  const { pushed, committed, failed, not_pushed, not_committed, kept, summary } = report;
  output.line(`${paint.bold(formatScope(report))}\n`);
  const print = (mark: string, names: readonly string[], label: string): void => {
    for (const name of names) output.line(`  ${mark} ${name}  ${label}`);
  };
  const isCommitted = new Set(committed);
  for (const name of pushed) output.line(`  ${paint.green("✓")} ${name}${isCommitted.has(name) ? "  committed" : ""}`);
  print(
    paint.green("✓"),
    committed.filter((name) => !pushed.includes(name)),
    "committed",
  );
  print(
    paint.red("✗"),
    failed === null ? [] : [failed.resource],
    not_pushed.includes(failed?.resource ?? "") ? "not pushed" : "not committed",
  );
  print(
    " ",
    not_pushed.filter((name) => name !== failed?.resource),
    "not pushed",
  );
  print(
    " ",
    not_committed.filter((name) => name !== failed?.resource && !not_pushed.includes(name)),
    "not committed",
  );
  if (pushed.length + committed.length > 0 || failed !== null) output.line();
  if (kept.length > 0) output.note(output.nameCommand(`note: not pushed, see \`knock plan\`: ${kept.join(", ")}`));
  const mark = failed === null ? paint.green("✓") : paint.red("✗");
  const parts = [
    `${summary.pushed} pushed`,
    ...(report.committed.length > 0 ? [`${summary.committed} committed`] : []),
  ];
  const text = pushed.length + committed.length === 0 && failed === null ? "nothing to push" : parts.join(", ");
  output.line(`${mark} ${text} (${summary.unchanged} unchanged)`);
}
