import type { ResourceDocument } from "../../../domain/resource/resource-document.js";
import { KnockError } from "../../../errors/knock-error.js";
import type { DocumentLayer } from "../../../project/document-layer.js";
import type { AccountScope } from "../emulator/account.js";
import type { AccountEngine } from "./account-engine.js";
import type { AccountState } from "./account-state.js";
import type { AccountStore, WorkingChange } from "./account-store.js";
import {
  type AccountTrees,
  DEVELOPMENT,
  getBranchTree,
  TreeLayer,
  type TreeView,
  WorkingLayer,
} from "./account-trees.js";
import { createMissingBranchError } from "./branches.js";
import { checkResource } from "./check-resource.js";
import { computeContentDigest } from "./content-digest.js";
import { writeResources } from "./write-resource.js";

/** The parts of an account that its operations share. */
export class AccountContext {
  constructor(
    readonly state: AccountState,
    readonly engine: AccountEngine,
    private readonly options: {
      /** Whether pushes to development are written into the project's files. */
      writesFiles: boolean;
      /** Called after pushed content was stored beside the files. */
      onStore(): void;
    },
  ) {}

  /** Returns the tree of a scope. Throws if there is no such environment or branch. An account that has not started has no branches. */
  getTree(trees: AccountTrees | null, { environment, branch }: AccountScope): string {
    const environments = this.state.listEnvironments();
    if (!environments.includes(environment))
      throw new KnockError(
        "resource_missing",
        `there is no environment ${JSON.stringify(environment)}; environments are: ${environments.join(", ")}`,
      );
    if (branch === null) return environment;
    if (environment !== DEVELOPMENT)
      throw new KnockError("invalid_params", "branch can only be used with the environment development", {
        details: [{ pointer: "/branch", message: "can only be used with the environment development", value: branch }],
      });
    const tree = getBranchTree(branch);
    if (trees?.store.getTree(tree) === undefined) throw createMissingBranchError(branch);
    return tree;
  }

  /** Returns the documents of a view for the reader of a project. */
  openLayer(trees: AccountTrees, view: TreeView): DocumentLayer {
    return view.tree === DEVELOPMENT && !view.committedOnly
      ? new WorkingLayer(() => trees)
      : new TreeLayer(trees, view);
  }

  /** Throws the errors of a document within a view. */
  async check(trees: AccountTrees, view: TreeView, document: ResourceDocument): Promise<void> {
    const { project, cwd } = this.state.location;
    await checkResource(document, this.openLayer(trees, view), { location: project, cwd });
  }

  /**
   * Writes new working content of a tree into the project's files if that was asked for. Returns a function that stores the rest, for
   * the transaction of the operation.
   */
  async prepareWorking(
    trees: AccountTrees,
    tree: string,
    changes: readonly WorkingChange[],
  ): Promise<(store: AccountStore) => void> {
    const { state, options } = this;
    const { files } = state;
    if (tree === DEVELOPMENT && options.writesFiles) {
      const writes = [];
      for (const { type, id, content } of changes) {
        const status = (await trees.read({ tree, committedOnly: false }, { type, id }))?.status ?? { active: true };
        writes.push({ type, id, document: content === null ? null : { content, readonly: status } });
      }
      await writeResources(files, writes, state.location.pendingFolder);
      return (store) => {
        for (const change of changes) store.deleteDraft(tree, change);
      };
    }
    const drafts: (WorkingChange & { base: string | null })[] = [];
    for (const change of changes)
      drafts.push({ ...change, base: tree === DEVELOPMENT ? ((await files.read(change))?.digest ?? null) : null });
    return (store) => {
      for (const { type, id, content, base } of drafts) {
        const digest = content === null ? null : computeContentDigest(content);
        if (tree === DEVELOPMENT && digest === base) store.deleteDraft(tree, { type, id });
        else {
          if (content !== null) store.putContent(content);
          store.putDraft(tree, { type, id, digest, base, updated_at: Date.now() });
        }
      }
      if (tree === DEVELOPMENT && changes.length > 0) options.onStore();
    };
  }
}
