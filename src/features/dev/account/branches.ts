import { KnockError } from "../../../errors/knock-error.js";
import { toIsoTime } from "../../../util/iso-time.js";
import type { AccountBranch } from "../emulator/account.js";
import { ApiError } from "../emulator/http/api-error.js";
import type { AccountStore, ResourceRow } from "./account-store.js";
import { type AccountTrees, DEVELOPMENT, getBranchTree } from "./account-trees.js";
import { formatResources } from "./commits.js";

const SLUG = /^[A-Za-z0-9_][\w-]{0,254}$/;
/** The name of development among branches. */
const MAIN = "main";

const createSlugError = (slug: string, message: string): KnockError =>
  new KnockError("invalid_params", `branch_slug ${message}: ${JSON.stringify(slug)}`, {
    details: [{ pointer: "/branch_slug", message, value: slug }],
  });

export const createMissingBranchError = (slug: string): ApiError =>
  new ApiError(404, "branch_not_found", `The branch ${JSON.stringify(slug)} does not exist`);

/** Returns a branch. Throws `branch_not_found`. */
export function findBranch(store: AccountStore, slug: string): AccountBranch {
  const row = store.getTree(getBranchTree(slug));
  if (row === undefined) throw createMissingBranchError(slug);
  const { created_at, updated_at, last_commit_at } = row;
  return {
    slug,
    created_at: toIsoTime(created_at),
    updated_at: toIsoTime(updated_at),
    last_commit_at: last_commit_at === null ? null : toIsoTime(last_commit_at),
  };
}

/** Deletes a branch with its commits. Its waiting runs end, as those of a deleted folder do (E-019). */
export function deleteBranch(store: AccountStore, slug: string): void {
  findBranch(store, slug);
  store.write(() => store.deleteTree(getBranchTree(slug)));
}

/** Creates a branch with what is committed to development. `isFolder` says whether the project has a folder for it. */
export async function createBranch(trees: AccountTrees, slug: string, isFolder: boolean): Promise<void> {
  const { store } = trees;
  const tree = getBranchTree(slug);
  if (!SLUG.test(slug)) throw createSlugError(slug, "must contain only letters, digits, hyphens and underscores");
  if (slug === MAIN) throw createSlugError(slug, "is the name of development");
  if (isFolder) throw createSlugError(slug, "is a folder of the project's branches");
  const copies = await readCopies(trees, store.listResources(DEVELOPMENT));
  store.write(() => {
    if (store.getTree(tree) !== undefined) throw createSlugError(slug, "has already been taken");
    store.insertTree(tree, Date.now());
    for (const copy of copies) putCopy(store, tree, copy);
  });
}

interface Copy {
  row: ResourceRow;
  status: Parameters<AccountStore["putStatus"]>[2]["status"] | null;
}

/** Returns rows of development with the current status of each. */
async function readCopies(trees: AccountTrees, rows: readonly ResourceRow[]): Promise<Copy[]> {
  const copies: Copy[] = [];
  for (const row of rows) {
    const hasStatus = row.type === "workflow" || row.type === "guide";
    const found = hasStatus ? await trees.read({ tree: DEVELOPMENT, committedOnly: true }, row) : null;
    copies.push({ row, status: found?.status ?? null });
  }
  return copies;
}

function putCopy(store: AccountStore, tree: string, { row, status }: Copy): void {
  store.putResource(tree, { ...row, base: row.digest });
  if (status !== null && store.getStatus(tree, row) === undefined) store.putStatus(tree, row, { status, base: null });
}

/**
 * Brings what is committed to development into a branch. Resources that the branch has committed keep its version. Throws
 * `conflict` if the branch has uncommitted changes of others that development has changed.
 */
export async function rebaseBranch(trees: AccountTrees, slug: string): Promise<void> {
  const { store } = trees;
  const tree = getBranchTree(slug);
  findBranch(store, slug);
  const rows = store.listResources(DEVELOPMENT);
  const isOwn = (row: ResourceRow): boolean => isCommitOf(store, tree, row.commit_number);
  const moved = rows.filter((row) => {
    const before = store.getResource(tree, row);
    return before === undefined || (!isOwn(before) && before.base !== row.digest);
  });
  const blocking = moved.filter(
    (row) => store.getResource(tree, row) !== undefined && store.getDraft(tree, row) !== undefined,
  );
  if (blocking.length > 0)
    throw new KnockError(
      "conflict",
      `the branch has uncommitted changes of ${formatResources(blocking)}, which development has changed: commit them first`,
    );
  const copies = await readCopies(
    trees,
    moved.filter((row) => store.getDraft(tree, row) === undefined),
  );
  store.write(() => {
    for (const copy of copies) putCopy(store, tree, copy);
    for (const row of rows) {
      const before = store.getResource(tree, row);
      if (before !== undefined && isOwn(before)) store.putResource(tree, { ...before, base: row.digest });
    }
    store.touchTree(tree, Date.now(), false);
  });
}

const isCommitOf = ({ db }: AccountStore, tree: string, number: number): boolean =>
  db.get<{ tree: string }>("SELECT tree FROM commits WHERE number = ?", number)?.tree === tree;
