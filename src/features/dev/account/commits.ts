import { getResourceType, RESOURCE_TYPE_NAMES, type ResourceRef } from "../../../domain/resource/resource-types.js";
import { KnockError } from "../../../errors/knock-error.js";
import { toIsoTime } from "../../../util/iso-time.js";
import type { AccountCommit, ResourceSelection } from "../emulator/account.js";
import type { AccountStore, WorkingChange } from "./account-store.js";
import { type AccountTrees, DEVELOPMENT, getBranchSlug } from "./account-trees.js";
import { type CommitRow, insertCommit, listPromotable, markPromoted } from "./commit-store.js";

export function toAccountCommit({ id, tree, type, resource, message, created_at, promoted }: CommitRow): AccountCommit {
  const branch = getBranchSlug(tree);
  return {
    id,
    environment: branch === null ? tree : DEVELOPMENT,
    branch,
    resource: { type, id: resource },
    message,
    created_at: toIsoTime(created_at),
    promoted: promoted === 1,
  };
}

export const isSelected = ({ types, id }: ResourceSelection, found: ResourceRef): boolean =>
  (types === null || types.includes(found.type)) && (id === null || id === found.id);

/** Names resources in an error: `workflow "hello", partial "footer" and 3 more`. */
export function formatResources(found: readonly ResourceRef[]): string {
  const names = found.slice(0, 5).map(({ type, id }) => `${getResourceType(type).label} "${id}"`);
  return names.join(", ") + (found.length > names.length ? ` and ${found.length - names.length} more` : "");
}

/** Returns the selected resources whose working content differs from what is committed in a tree. Others are not read. */
export async function findChanges(
  trees: AccountTrees,
  tree: string,
  selection: ResourceSelection,
): Promise<WorkingChange[]> {
  const changes: WorkingChange[] = [];
  for (const type of selection.types ?? RESOURCE_TYPE_NAMES) {
    const ids = new Set(await trees.listIds({ tree, committedOnly: false }, type));
    for (const { id, digest } of trees.store.listResources(tree, type)) if (digest !== null) ids.add(id);
    for (const id of [...ids].sort()) {
      if (!isSelected(selection, { type, id })) continue;
      const working = await trees.read({ tree, committedOnly: false }, { type, id });
      const digest = working?.digest ?? null;
      if (digest !== (trees.store.getResource(tree, { type, id })?.digest ?? null))
        changes.push({ type, id, content: working?.content ?? null });
    }
  }
  return changes;
}

/** Commits changes of a tree. Must be called within a write. */
export function commitChanges(
  store: AccountStore,
  tree: string,
  changes: readonly WorkingChange[],
  message: string | null,
): void {
  const now = Date.now();
  for (const { type, id, content } of changes) {
    const digest = content === null ? null : store.putContent(content);
    insertCommit(store, tree, { type, id, digest, message, now, promoted: 0 });
    // The files of development may still differ from what was pushed, so its drafts stay.
    if (tree !== DEVELOPMENT) store.deleteDraft(tree, { type, id });
  }
  store.touchTree(tree, now, true);
}

/** Returns the commits that a promotion of a tree takes. */
export const findPromotable = (store: AccountStore, from: string, selection: ResourceSelection): CommitRow[] =>
  listPromotable(store, from).filter(({ type, resource }) => isSelected(selection, { type, id: resource }));

/** Throws `conflict` if development has changed resources since a branch began or was rebased, which its commits also change. */
export function checkMerge(store: AccountStore, commits: readonly CommitRow[]): void {
  const conflicts = commits.flatMap(({ tree, type, resource: id, digest }) => {
    const base = store.getResource(tree, { type, id })?.base ?? null;
    const current = store.getResource(DEVELOPMENT, { type, id })?.digest ?? null;
    return current === base || current === digest ? [] : [{ type, id }];
  });
  if (conflicts.length === 0) return;
  throw new KnockError(
    "conflict",
    `development has also changed ${formatResources(conflicts)}: rebase the branch, which keeps its own versions, and merge again`,
  );
}

/** Records commits of one tree in the next one, and returns the new commits. Must be called within a write. */
export function promoteCommits(store: AccountStore, commits: readonly CommitRow[], to: string): CommitRow[] {
  const now = Date.now();
  const promoted = commits.map((commit) => {
    const { tree, type, resource: id, digest, message } = commit;
    const created = insertCommit(store, to, { type, id, digest, message, now, promoted: 0 });
    markPromoted(store, commit);
    const row = store.getResource(tree, { type, id });
    // A merged version of a branch is that of development.
    if (getBranchSlug(tree) !== null && row !== undefined)
      store.putResource(tree, {
        ...row,
        commit_number: row.commit_number === commit.number ? created.number : row.commit_number,
        base: digest,
      });
    return created;
  });
  store.touchTree(to, now, true);
  return promoted;
}
