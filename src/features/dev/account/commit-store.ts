import type { ResourceRef, ResourceType } from "../../../domain/resource/resource-types.js";
import { systemIds } from "../../../util/ids.js";
import type { AccountStore } from "./account-store.js";

/** A version of a resource in a tree. */
export interface CommitRow {
  number: number;
  id: string;
  tree: string;
  type: ResourceType;
  resource: string;
  /** Null for a commit that removes the resource. */
  digest: string | null;
  message: string | null;
  created_at: number;
  /** 1 if the next tree has this commit or a later one of the resource. */
  promoted: 0 | 1;
}

interface NewCommit extends ResourceRef {
  digest: string | null;
  message: string | null;
  now: number;
  promoted: 0 | 1;
}

/** Records a commit and makes its content what is committed in the tree. Must be called within a write. */
export function insertCommit(
  store: AccountStore,
  tree: string,
  { type, id, digest, message, now, promoted }: NewCommit,
): CommitRow {
  const before = store.getResource(tree, { type, id });
  const commitId = systemIds.uuid();
  const number = store.db.insert(
    "INSERT INTO commits (id, tree, type, resource, digest, message, created_at, promoted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ...[commitId, tree, type, id, digest, message, now, promoted],
  );
  store.putResource(tree, {
    type,
    id,
    digest,
    commit_number: number,
    base: before?.base ?? null,
    created_at: before?.created_at ?? now,
    updated_at: now,
  });
  return { number, id: commitId, tree, type, resource: id, digest, message, created_at: now, promoted };
}

export const findCommit = ({ db }: AccountStore, id: string): CommitRow | undefined =>
  db.get<CommitRow>("SELECT * FROM commits WHERE id = ?", id);

/** Returns the commits of a tree, newest first. */
export const listCommitRows = ({ db }: AccountStore, tree: string): CommitRow[] =>
  db.all<CommitRow>("SELECT * FROM commits WHERE tree = ? ORDER BY number DESC", tree);

/** Returns the last commit of each resource of a tree that the next tree does not have, in the order of the commits. */
export const listPromotable = ({ db }: AccountStore, tree: string): CommitRow[] =>
  db.all<CommitRow>(
    `SELECT commits.* FROM resources JOIN commits ON commits.number = resources.commit_number
      WHERE resources.tree = ? AND commits.tree = resources.tree AND commits.promoted = 0 ORDER BY commits.number`,
    tree,
  );

/** Marks a commit and the earlier ones of its resource as promoted. Must be called within a write. */
export function markPromoted({ db }: AccountStore, { tree, type, resource, number }: CommitRow): void {
  db.run(
    "UPDATE commits SET promoted = 1 WHERE tree = ? AND type = ? AND resource = ? AND number <= ?",
    ...[tree, type, resource, number],
  );
}
