import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { confirmAccountChange } from "../../context/open-account.js";
import { parseResourceName } from "../../domain/resource/resource-name.js";
import type { ResourceRef } from "../../domain/resource/resource-types.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import type { Account, AccountCommit } from "../../remote/management/account.js";
import { didYouMean } from "../../util/find-nearest.js";
import { formatCount } from "../../util/format-count.js";
import { type AccountFlags, addAccountConnection } from "./account-options.js";
import type { PromoteReport } from "./promote-report-schema.js";

interface PromoteFlags extends AccountFlags {
  to?: string;
  dryRun?: boolean;
}

export function registerPromote(program: Command, context: CommandContext): void {
  const command = program
    .command("promote")
    .helpGroup(COMMAND_GROUPS.account)
    .argument("[resources...]", "resources such as workflows/welcome (default: all)")
    .summary("Promote commits to the next environment")
    .description(
      "Promote the commits of an environment to the next one, such as from development to production. The commits are listed before you confirm.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--dry-run", "list the commits that would be promoted")
    .optionsGroup(OPTION_GROUPS.account)
    .option("--to <environment>", "promote to this environment (default: the one after development)");
  addAccountConnection(command, { changes: true });
  addExamples(addCommonOptions(command, undefined, { quiet: "print only the IDs of the commits" }), [
    "knock promote --dry-run",
    "knock promote --to production",
  ]).action((resources: string[], flags: PromoteFlags) => runPromote(resources, flags, context));
}

/** Returns the environment to promote to and the one before it. Throws `resource_missing` or `usage`. */
async function resolveEnvironments(account: Account, to: string | undefined): Promise<{ from: string; to: string }> {
  const environments = await account.listEnvironments();
  const index = to === undefined ? 1 : environments.indexOf(to);
  const target = environments[index];
  if (index < 0 || target === undefined)
    throw new KnockError("resource_missing", `the account has no environment "${to ?? "after development"}"`, {
      hint: didYouMean(to ?? "", environments, "Environments"),
    });
  const from = environments[index - 1];
  if (from === undefined)
    throw new KnockError("usage", `--to: ${target} is the first environment, so nothing is promoted to it`, {
      hint: "Run `knock branches merge` to merge a branch into it.",
    });
  return { from, to: target };
}

/** Parses the arguments. Only single resources are promoted, because the API has no selection of a kind. */
function parseResources(names: readonly string[]): ResourceRef[] {
  return names.map((name) => {
    const selector = parseResourceName(name);
    if (selector === null || selector.id === null)
      throw new KnockError("usage", `${JSON.stringify(name)} does not name a resource`, {
        hint: "Use a folder and a key, such as workflows/welcome.",
      });
    return { type: selector.type, id: selector.id };
  });
}

const isOf = ({ resource }: AccountCommit, { type, id }: ResourceRef): boolean =>
  resource.type === type && resource.id === id;

async function runPromote(names: readonly string[], flags: PromoteFlags, context: CommandContext): Promise<void> {
  const { output } = context;
  const resources = parseResources(names);
  const { printCommits, toReportedCommit, withAccount } = await import("./account-changes.js");
  await withAccount(flags, context, async (account) => {
    const { account: name } = await account.readIdentity();
    const { from, to } = await resolveEnvironments(account, flags.to);
    const all = await account.listUnpromoted({ environment: from, branch: null });
    const commits = resources.length === 0 ? all : all.filter((commit) => resources.some((ref) => isOf(commit, ref)));
    const report: PromoteReport = { account: name, from, to, commits: commits.map(toReportedCommit), promoted: false };
    const { verbosity } = output;
    if (commits.length > 0 && !verbosity.json && !verbosity.quiet) printCommits(report.commits, output);
    if (commits.length > 0 && !flags.dryRun) {
      await confirmAccountChange(
        `Promote ${formatCount(commits.length, "commit")} from ${from} to ${to}`,
        flags,
        context,
      );
      if (resources.length === 0) await account.promoteAll(to, {});
      else
        for (const ref of resources)
          if (commits.some((commit) => isOf(commit, ref))) await account.promoteAll(to, { ref });
      report.promoted = true;
    }
    printPromotion(report, output);
  });
}

function printPromotion(report: PromoteReport, output: Output): void {
  const { from, to, commits, promoted } = report;
  if (output.verbosity.json) return output.json(report);
  if (output.verbosity.quiet) return output.lines(commits.map(({ id }) => id));
  const mark = output.colors.green("✓");
  const count = formatCount(commits.length, "commit");
  if (commits.length === 0) output.line(`${mark} nothing to promote from ${from} to ${to}`);
  else
    output.line(
      promoted ? `${mark} ${count} promoted from ${from} to ${to}` : `${count} to promote from ${from} to ${to}`,
    );
}
