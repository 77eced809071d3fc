import type { Command } from "commander";
import { addExamples, addGroupExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { confirmAccountChange } from "../../context/open-account.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatTime } from "../../output/format-time.js";
import { printTable } from "../../output/print-table.js";
import type { Account } from "../../remote/management/account.js";
import { formatCount } from "../../util/format-count.js";
import { type AccountFlags, addAccountConnection, DEVELOPMENT } from "./account-options.js";

interface MergeFlags extends AccountFlags {
  delete?: boolean;
}

/** Throws `usage` for a text that cannot be the slug of a branch (CLI-009). */
function checkSlug(slug: string): void {
  if (/^[\w-]{1,255}$/.test(slug)) return;
  throw new KnockError("usage", `${JSON.stringify(slug)} is not the slug of a branch`, {
    hint: "Use letters, digits, hyphens and underscores, such as shorter-emails.",
  });
}

async function withAccount<T>(
  flags: AccountFlags,
  context: CommandContext,
  work: (account: Account) => Promise<T>,
): Promise<T> {
  return (await import("./account-changes.js")).withAccount(flags, context, work);
}

export function registerBranches(program: Command, context: CommandContext): void {
  const branches = program
    .command("branches")
    .helpGroup(COMMAND_GROUPS.account)
    .summary("List, create, merge and delete branches of the account")
    .description(
      "List, create, merge and delete branches of the account's development environment. Use `--branch` or the file .knockbranch to compare, pull and push a branch.",
    );
  registerList(branches, context);
  registerCreate(branches, context);
  registerMerge(branches, context);
  registerDelete(branches, context);
  addGroupExamples(branches);
}

function registerList(branches: Command, context: CommandContext): void {
  const command = branches.command("list").description("List the branches of the account");
  addAccountConnection(command, { changes: false });
  addExamples(addCommonOptions(command, undefined, { quiet: "print only slugs" }), ["knock branches list"]);
  command.action(async (flags: AccountFlags) => {
    const { output } = context;
    const items = await withAccount(flags, context, (account) => account.listBranches());
    if (output.verbosity.json) return output.json({ items });
    if (output.verbosity.quiet) return output.lines(items.map(({ slug }) => slug));
    if (items.length === 0) return output.line("no branches");
    printTable(
      ["BRANCH", "CREATED", "LAST COMMIT"],
      items.map(({ slug, created_at, last_commit_at }) => [
        slug,
        formatTime(created_at, output.zone),
        last_commit_at === null ? "none" : formatTime(last_commit_at, output.zone),
      ]),
      output,
    );
  });
}

/** Adds the parts that the commands for one branch share. */
function addBranchAction<T extends AccountFlags>(
  command: Command,
  run: (slug: string, flags: T) => Promise<void>,
  { examples, quiet }: { examples: string[]; quiet?: string },
): void {
  addAccountConnection(command, { changes: true });
  addExamples(addCommonOptions(command, undefined, { quiet }), examples).action((slug: string, flags: T) => {
    checkSlug(slug);
    return run(slug, flags);
  });
}

function registerCreate(branches: Command, context: CommandContext): void {
  const command = branches
    .command("create")
    .argument("<slug>", "the slug of the new branch")
    .description("Create a branch, which starts from the commits of development");
  const create = async (slug: string, flags: AccountFlags): Promise<void> => {
    const { output } = context;
    await confirmAccountChange(`Create the branch ${slug}`, flags, context);
    const branch = await withAccount(flags, context, (account) => account.createBranch(slug));
    if (output.verbosity.json) output.json(branch);
    else output.line(`${output.colors.green("✓")} branch ${slug} created. Use it with --branch ${slug}`);
  };
  addBranchAction(command, create, { examples: ["knock branches create shorter-emails"] });
}

function registerMerge(branches: Command, context: CommandContext): void {
  const command = branches
    .command("merge")
    .argument("<slug>", "the slug of the branch")
    .description("Merge the commits of a branch into development")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--delete", "delete the branch after the merge");
  addBranchAction(command, (slug, flags: MergeFlags) => runMerge(slug, flags, context), {
    examples: ["knock branches merge shorter-emails", "knock branches merge shorter-emails --delete"],
    quiet: "print only the IDs of the commits",
  });
}

async function runMerge(slug: string, flags: MergeFlags, context: CommandContext): Promise<void> {
  const { output } = context;
  const { printCommits, toReportedCommit } = await import("./account-changes.js");
  await withAccount(flags, context, async (account) => {
    const commits = (await account.listUnpromoted({ environment: DEVELOPMENT, branch: slug })).map(toReportedCommit);
    const { json, quiet } = output.verbosity;
    const isDeleted = flags.delete ?? false;
    if (commits.length > 0 && !json && !quiet) printCommits(commits, output);
    if (commits.length > 0 || isDeleted) {
      const merge = `Merge ${formatCount(commits.length, "commit")} of the branch ${slug} into ${DEVELOPMENT}`;
      await confirmAccountChange(isDeleted ? `${merge} and delete the branch` : merge, flags, context);
    }
    if (commits.length > 0) await account.promoteAll(DEVELOPMENT, { branch: slug });
    if (isDeleted) await account.deleteBranch(slug);
    if (json) return output.json({ slug, commits, deleted: isDeleted });
    if (quiet) return output.lines(commits.map(({ id }) => id));
    const merged =
      commits.length === 0 ? "nothing to merge" : `${formatCount(commits.length, "commit")} merged into ${DEVELOPMENT}`;
    output.line(`${output.colors.green("✓")} ${merged}${isDeleted ? `, and branch ${slug} deleted` : ""}`);
  });
}

function registerDelete(branches: Command, context: CommandContext): void {
  const command = branches
    .command("delete")
    .argument("<slug>", "the slug of the branch")
    .description("Delete a branch with its changes");
  const remove = async (slug: string, flags: AccountFlags): Promise<void> => {
    const { output } = context;
    await confirmAccountChange(`Delete the branch ${slug}`, flags, context);
    await withAccount(flags, context, (account) => account.deleteBranch(slug));
    if (output.verbosity.json) output.json({ slug, deleted: true });
    else output.line(`${output.colors.green("✓")} branch ${slug} deleted`);
  };
  addBranchAction(command, remove, { examples: ["knock branches delete shorter-emails"] });
}
