import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandContext } from "../../context/command-context.js";
import { openAccount } from "../../context/open-account.js";
import { LOCAL_FOLDER } from "../../context/store-location.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { readCurrentBranch } from "../../project/project-folders.js";
import { recoverPendingFiles } from "../../project/resources/write-files-together.js";
import type { Account, AccountScope } from "../../remote/management/account.js";
import { makeFolder } from "../../util/make-folder.js";
import { type AccountFlags, DEVELOPMENT } from "./account-options.js";
import { BaseFiles } from "./base-files.js";

/** A project's files and the account that they are compared with. */
export interface AccountSession {
  project: Project;
  knockDir: string;
  cwd: string;
  displayPath(path: string): string;
  account: Account;
  /** The slug of the account. */
  accountName: string;
  scope: AccountScope;
  bases: BaseFiles;
  /** The folder next to `knock.json` for prepared files, bases and conflicts. Git ignores it. */
  localFolder: string;
}

/**
 * Returns the environment and the branch of the account. The environment comes only from a flag, so that no forgotten setting sends
 * files to production.
 */
async function resolveScope(
  flags: AccountFlags,
  root: string | null,
  { settings }: Pick<CommandContext, "settings">,
): Promise<AccountScope> {
  const { environment: named, ...rest } = flags;
  const environment = named ?? DEVELOPMENT;
  const { branch } = await settings.get(rest);
  if (environment !== DEVELOPMENT) {
    if (branch.source === "flag" && branch.value !== null)
      throw new KnockError("usage", `--branch: only ${DEVELOPMENT} has branches, not ${environment}`, {
        hint: "Remove --branch or --environment.",
      });
    return { environment, branch: null };
  }
  const current = root === null ? "" : readCurrentBranch(root);
  return { environment, branch: branch.value ?? (current === "" ? null : current) };
}

/** Returns the folder of the account's files in the project, and keeps its content out of version control. */
function openLocalFolder(root: string): string {
  const folder = join(root, LOCAL_FOLDER);
  makeFolder(folder);
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n", { mode: 0o600 });
  return join(folder, "account");
}

/** Opens the project and the account, runs `work` and closes the account. A pull that was interrupted is finished first. */
export async function withAccountSession<T>(
  flags: AccountFlags,
  context: CommandContext,
  work: (session: AccountSession) => Promise<T>,
): Promise<T> {
  const { environment: _environment, ...fileFlags } = flags;
  const project = await context.files.require(fileFlags);
  const scope = await resolveScope(flags, project.root, context);
  const localFolder = openLocalFolder(project.root);
  const { cwd } = context.io;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  if (recoverPendingFiles(localFolder, displayPath)) context.output.note("An interrupted pull was completed.");
  const account = await openAccount(fileFlags, context);
  try {
    const { account: accountName } = await account.readIdentity();
    return await work({
      project,
      knockDir: project.knockDir,
      cwd,
      displayPath,
      account,
      accountName,
      scope,
      bases: new BaseFiles(localFolder, accountName, scope),
      localFolder,
    });
  } finally {
    await account.close();
  }
}
