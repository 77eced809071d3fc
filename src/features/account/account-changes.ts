import type { CommandContext } from "../../context/command-context.js";
import { openAccount } from "../../context/open-account.js";
import { formatResourceName } from "../../domain/resource/resource-name.js";
import { RESOURCE_TYPES } from "../../domain/resource/resource-types.js";
import { formatTime } from "../../output/format-time.js";
import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import type { Account, AccountCommit } from "../../remote/management/account.js";
import type { AccountFlags } from "./account-options.js";
import type { PromoteReport } from "./promote-report-schema.js";

/** Opens the account without a project, runs `work` and closes the account. */
export async function withAccount<T>(
  flags: AccountFlags,
  context: CommandContext,
  work: (account: Account) => Promise<T>,
): Promise<T> {
  const account = await openAccount(flags, context);
  try {
    return await work(account);
  } finally {
    await account.close();
  }
}

type ReportedCommit = PromoteReport["commits"][number];

/** Returns a commit for display. Kinds of resources that this program does not know keep the API's name. */
export function toReportedCommit({ id, resource, message, author, created_at }: AccountCommit): ReportedCommit {
  const name = resource.type in RESOURCE_TYPES ? formatResourceName(resource) : `${resource.type}/${resource.id}`;
  return { id, resource: name, message, author, created_at };
}

export function printCommits(commits: readonly ReportedCommit[], output: Output): void {
  printTable(
    ["RESOURCE", "MESSAGE", "AUTHOR", "COMMITTED", "ID"],
    commits.map(({ id, resource, message, author, created_at }) => [
      resource,
      message ?? "",
      author ?? "",
      formatTime(created_at, output.zone),
      id,
    ]),
    output,
  );
  output.line();
}
