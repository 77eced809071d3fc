import type { ResourceDocument } from "../../../domain/resource/resource-document.js";
import { isStorableId } from "../../../domain/resource/resource-id.js";
import { getResourceType, type ResourceRef, type ResourceType } from "../../../domain/resource/resource-types.js";
import { KnockError } from "../../../errors/knock-error.js";
import type { AccountScope, ActivationChange, PushOptions, ReadOptions, StoredResource } from "../emulator/account.js";
import type { AccountContext } from "./account-context.js";
import type { ResourceStatus } from "./account-store.js";
import {
  type AccountTrees,
  DEVELOPMENT,
  formatStatus,
  getBranchSlug,
  type TreeResource,
  type TreeView,
} from "./account-trees.js";
import { insertCommit } from "./commit-store.js";
import { commitChanges } from "./commits.js";
import { computeContentDigest } from "./content-digest.js";
import { formatContentName, toStoredResources } from "./stored-resource.js";

const createMissingError = ({ type, id }: ResourceRef): KnockError =>
  new KnockError("resource_missing", `there is no ${getResourceType(type).label} ${JSON.stringify(id)}`);

/** Returns the status after a change. A time of a guide replaces its switch, and the switch replaces its times. */
const toStatus = (change: ActivationChange): ResourceStatus =>
  "active" in change
    ? { active: change.active }
    : { active: true, active_from: change.from, active_until: change.until };

/** Reads and changes the resources of an account. */
export class ResourceOperations {
  constructor(private readonly context: AccountContext) {}

  private async openView(
    scope: AccountScope,
    committedOnly: boolean,
  ): Promise<{ trees: AccountTrees; view: TreeView }> {
    const trees = await this.context.state.start();
    return { trees, view: { tree: this.context.getTree(trees, scope), committedOnly } };
  }

  private store(
    trees: AccountTrees,
    view: TreeView,
    found: readonly TreeResource[],
    type: ResourceType,
  ): Promise<StoredResource[]> {
    const { location, validContents } = this.context.state;
    const documents = this.context.openLayer(trees, view);
    if (view.tree === DEVELOPMENT && !view.committedOnly)
      for (const resource of found)
        if (this.context.engine.isKnownValid(resource)) validContents.add(formatContentName(resource));
    const context = { location: { ...location.project, documents }, cwd: location.cwd, known: validContents };
    return toStoredResources(found, { type }, context);
  }

  async listIds(scope: AccountScope, type: ResourceType, { committedOnly }: ReadOptions): Promise<string[]> {
    const { trees, view } = await this.openView(scope, committedOnly);
    return trees.listIds(view, type);
  }

  async list(
    scope: AccountScope,
    type: ResourceType,
    { committedOnly }: ReadOptions,
    ids?: readonly string[],
  ): Promise<StoredResource[]> {
    const { trees, view } = await this.openView(scope, committedOnly);
    const found: TreeResource[] = [];
    for (const id of ids ?? (await trees.listIds(view, type))) {
      const resource = await trees.read(view, { type, id });
      if (resource !== null) found.push(resource);
    }
    return this.store(trees, view, found, type);
  }

  async get(scope: AccountScope, ref: ResourceRef, { committedOnly }: ReadOptions): Promise<StoredResource | null> {
    const { trees, view } = await this.openView(scope, committedOnly);
    // An ID may be part of a path. Locales and collections are only known by the names of their files.
    const isKnown =
      getResourceType(ref.type).mainFile === null
        ? (await trees.listIds(view, ref.type)).includes(ref.id)
        : isStorableId(ref);
    if (!isKnown) return null;
    const resource = await trees.read(view, ref);
    const [stored = null] = resource === null ? [] : await this.store(trees, view, [resource], ref.type);
    return stored;
  }

  private async getExisting(scope: AccountScope, ref: ResourceRef): Promise<StoredResource> {
    const found = await this.get(scope, ref, { committedOnly: false });
    if (found === null) throw createMissingError(ref);
    return found;
  }

  async validate(scope: AccountScope, document: ResourceDocument): Promise<StoredResource> {
    const { trees, view } = await this.openView(scope, false);
    await this.context.check(trees, view, document);
    const now = Date.now();
    const current = await trees.read(view, document);
    const candidate = { ...document, digest: computeContentDigest(document.content), status: current?.status ?? null };
    const times = { created_at: current?.created_at ?? now, updated_at: now };
    this.context.state.validContents.add(formatContentName(candidate));
    const [stored] = await this.store(trees, view, [{ ...candidate, ...times }], document.type);
    return stored as StoredResource;
  }

  async push(scope: AccountScope, document: ResourceDocument, options: PushOptions): Promise<StoredResource> {
    const { trees, view } = await this.openView(scope, false);
    const { tree } = view;
    const { type, id, content } = document;
    if (tree !== DEVELOPMENT && getBranchSlug(tree) === null && !options.force)
      throw new KnockError(
        "conflict",
        `${getResourceType(type).plural} of ${tree} are changed by promotion: push to development, or use force`,
      );
    await this.context.check(trees, view, document);
    const current = await trees.read(view, document);
    const isChanged = current?.digest !== computeContentDigest(content);
    if (current === null) await checkCase(trees, view, document);
    const putWorking = isChanged ? await this.context.prepareWorking(trees, tree, [document]) : () => {};
    const committed = trees.store.getResource(tree, document)?.digest ?? null;
    const newest = isChanged || current === null ? content : current.content;
    const commits = options.commit && (options.allowEmpty || committed !== computeContentDigest(newest));
    if (isChanged || commits)
      trees.store.write(() => {
        putWorking(trees.store);
        if (commits) commitChanges(trees.store, tree, [{ type, id, content: newest }], options.message);
      });
    this.context.engine.reload();
    return this.getExisting(scope, document);
  }

  async activate(scope: AccountScope, ref: ResourceRef, change: ActivationChange): Promise<StoredResource> {
    const { trees, view } = await this.openView(scope, false);
    await this.getExisting(scope, ref);
    const ofFile = view.tree === DEVELOPMENT ? ((await trees.files.read(ref))?.status ?? null) : null;
    const base = view.tree === DEVELOPMENT ? formatStatus(ofFile) : null;
    trees.store.write(() => trees.store.putStatus(view.tree, ref, { status: toStatus(change), base }));
    this.context.engine.reload();
    return this.getExisting(scope, ref);
  }

  /** Removes a resource from all environments. Branches keep it. */
  async archive(scope: AccountScope, ref: ResourceRef): Promise<void> {
    const { trees } = await this.openView(scope, false);
    await this.getExisting(scope, ref);
    const { store } = trees;
    const removeWorking = await this.context.prepareWorking(trees, DEVELOPMENT, [{ ...ref, content: null }]);
    store.write(() => {
      removeWorking(store);
      for (const tree of this.context.state.listEnvironments()) {
        if (tree !== DEVELOPMENT) store.deleteDraft(tree, ref);
        if ((store.getResource(tree, ref)?.digest ?? null) === null) continue;
        insertCommit(store, tree, { ...ref, digest: null, message: "Archived", now: Date.now(), promoted: 1 });
      }
    });
    this.context.engine.reload();
  }
}

/** Throws `invalid_params` for a new ID that differs from another only in case: a file system may not tell them apart. */
async function checkCase(trees: AccountTrees, view: TreeView, { type, id }: ResourceRef): Promise<void> {
  const other = (await trees.listIds(view, type)).find((known) => known.toLowerCase() === id.toLowerCase());
  if (other === undefined || other === id) return;
  const message = `differs only in case from ${JSON.stringify(other)}`;
  throw new KnockError("invalid_params", `key ${message}: ${JSON.stringify(id)}`, {
    details: [{ pointer: "/key", message, value: id }],
  });
}
