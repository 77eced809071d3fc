import { findBranchFolder } from "../../../project/project-folders.js";
import type { Account } from "../emulator/account.js";
import { AccountContext } from "./account-context.js";
import type { AccountEngine } from "./account-engine.js";
import type { AccountState } from "./account-state.js";
import { createBranch, deleteBranch, findBranch, rebaseBranch } from "./branches.js";
import { HistoryOperations } from "./history-operations.js";
import { ResourceOperations } from "./resource-operations.js";

/** Runs one operation after another, because each reads the state that it changes. */
class OperationQueue {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.last.then(operation);
    this.last = result.catch(() => {});
    return result;
  }
}

/** Opens the account that `knock dev` serves. */
export function openLocalAccount(
  state: AccountState,
  engine: AccountEngine,
  options: ConstructorParameters<typeof AccountContext>[2],
): Account {
  const context = new AccountContext(state, engine, options);
  const resources = new ResourceOperations(context);
  const history = new HistoryOperations(context);
  const queue = new OperationQueue();
  const getBranch = async (slug: string) => findBranch((await state.start()).store, slug);
  return {
    // A test run of a project with a broken file needs no account.
    checkScope: async (scope) => void context.getTree(state.trees, scope),
    listEnvironments: () => history.listEnvironments(),
    listIds: (scope, type, options) => resources.listIds(scope, type, options),
    list: (scope, type, options, ids) => resources.list(scope, type, options, ids),
    get: (scope, ref, options) => resources.get(scope, ref, options),
    validate: (scope, document) => resources.validate(scope, document),
    push: (scope, document, options) => queue.run(() => resources.push(scope, document, options)),
    activate: (scope, ref, change) => queue.run(() => resources.activate(scope, ref, change)),
    archive: (scope, ref) => queue.run(() => resources.archive(scope, ref)),
    listCommits: (filter) => history.listCommits(filter),
    getCommit: (id) => history.getCommit(id),
    commitAll: (scope, options) => queue.run(() => history.commitAll(scope, options)),
    promoteAll: (options) => queue.run(() => history.promoteAll(options)),
    promoteCommit: (id) => queue.run(() => history.promoteCommit(id)),
    listBranches: async () => {
      const { trees } = state;
      return trees === null ? [] : state.listBranches().map((slug) => findBranch(trees.store, slug));
    },
    getBranch,
    createBranch: (slug) =>
      queue.run(async () => {
        await createBranch(await state.start(), slug, findBranchFolder(state.location.project, slug) !== null);
        return getBranch(slug);
      }),
    deleteBranch: (slug) =>
      queue.run(async () => {
        deleteBranch((await state.start()).store, slug);
        engine.reload();
      }),
    rebaseBranch: (slug) =>
      queue.run(async () => {
        await rebaseBranch(await state.start(), slug);
        engine.reload();
        return getBranch(slug);
      }),
    runBranch: (scope) => engine.getRunBranch(scope),
  };
}
