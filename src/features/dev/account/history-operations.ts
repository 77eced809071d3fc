import { KnockError } from "../../../errors/knock-error.js";
import { toIsoTime } from "../../../util/iso-time.js";
import type {
  Account,
  AccountCommit,
  AccountEnvironment,
  AccountScope,
  CommitFilter,
  ResourceSelection,
} from "../emulator/account.js";
import type { AccountContext } from "./account-context.js";
import type { WorkingChange } from "./account-store.js";
import { type AccountTrees, DEVELOPMENT, getBranchSlug } from "./account-trees.js";
import { type CommitRow, findCommit, listCommitRows } from "./commit-store.js";
import {
  checkMerge,
  commitChanges,
  findChanges,
  findPromotable,
  isSelected,
  promoteCommits,
  toAccountCommit,
} from "./commits.js";

type CommitOptions = Parameters<Account["commitAll"]>[1];
type PromoteOptions = Parameters<Account["promoteAll"]>[0];

const formatTree = (tree: string): string => {
  const slug = getBranchSlug(tree);
  return slug === null ? tree : `the branch ${JSON.stringify(slug)}`;
};

const capitalize = (slug: string): string => slug.charAt(0).toUpperCase() + slug.slice(1);

/** Reads and writes the commits of an account, and promotes them. */
export class HistoryOperations {
  constructor(private readonly context: AccountContext) {}

  async listEnvironments(): Promise<AccountEnvironment[]> {
    const { store } = await this.context.state.start();
    return this.context.state.listEnvironments().map((slug, order) => {
      const row = store.getTree(slug);
      const { created_at = 0, updated_at = 0, last_commit_at = null } = row ?? {};
      return {
        slug,
        order,
        name: capitalize(slug),
        created_at: toIsoTime(created_at),
        updated_at: toIsoTime(updated_at),
        last_commit_at: last_commit_at === null ? null : toIsoTime(last_commit_at),
      };
    });
  }

  async listCommits({ promoted, ...filter }: CommitFilter): Promise<AccountCommit[]> {
    const trees = await this.context.state.start();
    return listCommitRows(trees.store, this.context.getTree(trees, filter))
      .filter((row) => isSelected(filter, { type: row.type, id: row.resource }))
      .filter((row) => promoted === null || (row.promoted === 1) === promoted)
      .map(toAccountCommit);
  }

  async getCommit(id: string): Promise<AccountCommit | null> {
    const { store } = await this.context.state.start();
    const row = findCommit(store, id);
    return row === undefined ? null : toAccountCommit(row);
  }

  /** Commits changes. Throws `conflict` without any, and the errors of an invalid resource. */
  async commitAll(scope: AccountScope, { message, allowEmpty, ...selection }: CommitOptions): Promise<number> {
    const trees = await this.context.state.start();
    const tree = this.context.getTree(trees, scope);
    const view = { tree, committedOnly: false };
    const changes = await findChanges(trees, tree, selection);
    if (changes.length === 0 && allowEmpty) changes.push(...(await this.readSelected(trees, tree, selection)));
    if (changes.length === 0) throw new KnockError("conflict", `there are no changes to commit in ${formatTree(tree)}`);
    for (const { type, id, content } of changes)
      if (content !== null) await this.context.check(trees, view, { type, id, content });
    trees.store.write(() => commitChanges(trees.store, tree, changes, message));
    this.context.engine.reload();
    return changes.length;
  }

  /** Returns the one resource that a selection names, for a commit without changes. */
  private async readSelected(
    trees: AccountTrees,
    tree: string,
    { types, id }: ResourceSelection,
  ): Promise<WorkingChange[]> {
    const [type, ...others] = types ?? [];
    if (type === undefined || others.length > 0 || id === null) return [];
    const found = await trees.read({ tree, committedOnly: true }, { type, id });
    return found === null ? [] : [{ type, id, content: found.content }];
  }

  /** Promotes to an environment from the one before it, or to development from a branch. */
  async promoteAll({ toEnvironment, branch, ...selection }: PromoteOptions): Promise<number> {
    const trees = await this.context.state.start();
    const to = this.context.getTree(trees, { environment: toEnvironment, branch: null });
    const from = this.findSource(trees, to, branch);
    const commits = findPromotable(trees.store, from, selection);
    if (commits.length === 0)
      throw new KnockError("conflict", `there are no commits to promote from ${formatTree(from)} to ${to}`);
    return (await this.promote(trees, commits, to)).length;
  }

  private findSource(trees: AccountTrees, to: string, branch: string | null): string {
    const createError = (pointer: string, message: string): KnockError =>
      new KnockError("invalid_params", `${pointer.slice(1)} ${message}`, { details: [{ pointer, message }] });
    if (branch !== null) {
      if (to !== DEVELOPMENT) throw createError("/to_environment", "must be development for a branch");
      return this.context.getTree(trees, { environment: DEVELOPMENT, branch });
    }
    const environments = this.context.state.listEnvironments();
    const from = environments[environments.indexOf(to) - 1];
    if (from === undefined) throw createError("/branch", "is required to promote to development");
    return from;
  }

  /** Promotes one commit to the environment after its own, or from its branch to development. */
  async promoteCommit(id: string): Promise<AccountCommit> {
    const trees = await this.context.state.start();
    const commit = findCommit(trees.store, id);
    if (commit === undefined) throw new KnockError("resource_missing", `there is no commit ${JSON.stringify(id)}`);
    const environments = this.context.state.listEnvironments();
    const isBranch = getBranchSlug(commit.tree) !== null;
    const to = isBranch ? DEVELOPMENT : environments[environments.indexOf(commit.tree) + 1];
    if (to === undefined)
      throw new KnockError("conflict", `the commit is in ${commit.tree}, which is the last environment`);
    if (commit.promoted === 1) throw new KnockError("conflict", `the commit was already promoted to ${to}`);
    const [created] = await this.promote(trees, [commit], to);
    return toAccountCommit(created as CommitRow);
  }

  private async promote(trees: AccountTrees, commits: readonly CommitRow[], to: string): Promise<CommitRow[]> {
    const { store } = trees;
    if (to === DEVELOPMENT) checkMerge(store, commits);
    const putWorking =
      to === DEVELOPMENT
        ? await this.context.prepareWorking(trees, to, await this.findMergedChanges(trees, commits))
        : () => {};
    const promoted = store.write(() => {
      putWorking(store);
      return promoteCommits(store, commits, to);
    });
    this.context.engine.reload();
    return promoted;
  }

  /** Returns the working content that merged commits change. Uncommitted changes of development stay. */
  private async findMergedChanges(trees: AccountTrees, commits: readonly CommitRow[]): Promise<WorkingChange[]> {
    const changes: WorkingChange[] = [];
    for (const { type, resource: id, digest } of commits) {
      const working = await trees.read({ tree: DEVELOPMENT, committedOnly: false }, { type, id });
      const committed = trees.store.getResource(DEVELOPMENT, { type, id })?.digest ?? null;
      if ((working?.digest ?? null) !== committed) continue;
      changes.push({ type, id, content: digest === null ? null : trees.store.getContent(digest) });
    }
    return changes;
  }
}
