import { join } from "node:path";
import { LOCAL_FOLDER } from "../../context/store-location.js";
import type { Output } from "../../output/output.js";
import { openProject, type Project } from "../../project/open-project.js";
import { AccountState, getAccountPaths } from "./account/account-state.js";
import { WorkingLayer } from "./account/account-trees.js";
import { openLocalAccount } from "./account/local-account.js";
import type { Account } from "./emulator/account.js";
import { FollowedProject } from "./followed-project.js";
import { ServedProjects } from "./served-projects.js";

export interface AccountFlags {
  /** Whether content that is pushed to development is written into the project's files. Default: false. */
  writesFiles?: boolean;
  /** Whether the public API uses uncommitted content also after the first commit. Default: false. */
  uncommitted?: boolean;
}

interface OpenedAccount {
  account: Account;
  /** The project's files, with what was pushed to development. */
  project: FollowedProject;
  /** The definitions of the public API. */
  served: ServedProjects;
  /** Whether the account has an audience, which the files may not have. */
  hasAudiences: boolean;
  close(): void;
}

/**
 * Opens the account that `knock dev` serves for a project. Its state is beside the project's default store, so that it survives a
 * restart; with a store in memory, it is also in memory.
 */
export async function openAccount(
  opened: Project,
  isInMemory: boolean,
  { writesFiles = false, uncommitted = false }: AccountFlags,
  cwd: string,
  output: Output,
): Promise<OpenedAccount> {
  const paths = getAccountPaths(join(opened.root, LOCAL_FOLDER));
  const state = new AccountState({ ...paths, ...(isInMemory ? { file: ":memory:" } : {}), project: opened, cwd });
  await state.openExisting();
  const documents = new WorkingLayer(() => state.trees);
  const project = new FollowedProject(openProject({ ...opened, documents }, cwd), cwd);
  const served = new ServedProjects(state, project, uncommitted);
  let isWorkingServed = served.servesWorking;
  const noteCommitted = (): void =>
    output.note("the API uses what is committed; add --uncommitted to use the project's files as they are");
  if (!isWorkingServed) noteCommitted();
  let isStoreNoted = false;
  const engine = {
    getRunBranch: served.getRunBranch.bind(served),
    isKnownValid: served.isKnownValid.bind(served),
    reload(): void {
      served.reload();
      if (isWorkingServed && !served.servesWorking) noteCommitted();
      isWorkingServed = served.servesWorking;
    },
  };
  const account = openLocalAccount(state, engine, {
    writesFiles,
    onStore() {
      if (isStoreNoted) return;
      isStoreNoted = true;
      const place = isInMemory ? "in memory" : `in ${LOCAL_FOLDER}/account.db`;
      output.note(`pushed content is kept ${place}; add --write to write it into the project's files`);
    },
  });
  return { account, project, served, hasAudiences: state.hasAudiences, close: () => state.close() };
}
