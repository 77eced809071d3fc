import { normalizeDocument } from "../../../domain/resource/is-equal-document.js";
import { compareTranslationIds, type ResourceDocument } from "../../../domain/resource/resource-document.js";
import type { ResourceRef, ResourceType } from "../../../domain/resource/resource-types.js";
import type { DocumentLayer } from "../../../project/document-layer.js";
import { type Json, stableStringify } from "../../../util/json.js";
import type { AccountStore, ResourceStatus } from "./account-store.js";
import type { ProjectResources } from "./project-resources.js";

/** The tree whose working content is in the project's files. */
export const DEVELOPMENT = "development";
const BRANCH_PREFIX = "branch:";

export const getBranchTree = (slug: string): string => BRANCH_PREFIX + slug;

/** Returns the slug of a branch's tree; null for the tree of an environment. */
export const getBranchSlug = (tree: string): string | null =>
  tree.startsWith(BRANCH_PREFIX) ? tree.slice(BRANCH_PREFIX.length) : null;

/** A resource as a tree has it. */
export interface TreeResource extends ResourceDocument {
  digest: string;
  /** Null without a status of its own: workflows and guides are then active. */
  status: ResourceStatus | null;
  created_at: number;
  updated_at: number;
}

/** Identifies the content of a tree: the committed one, or the latest one. */
export interface TreeView {
  tree: string;
  committedOnly: boolean;
}

/** A text that is equal for equal statuses of files. */
export const formatStatus = (status: ResourceStatus | null): string => stableStringify(status);

/** Reads the contents of the trees of an account. */
export class AccountTrees {
  constructor(
    readonly store: AccountStore,
    readonly files: ProjectResources,
  ) {}

  /** Returns a resource, or null if the tree does not have it. */
  async read({ tree, committedOnly }: TreeView, ref: ResourceRef): Promise<TreeResource | null> {
    const { store } = this;
    const hasStatus = ref.type === "workflow" || ref.type === "guide";
    const file = tree === DEVELOPMENT && (!committedOnly || hasStatus) ? await this.files.read(ref) : null;
    const row = store.getResource(tree, ref);
    const draft = committedOnly ? undefined : store.getDraft(tree, ref);
    const fileDigest = file?.digest ?? null;
    // The last change wins: a file that was edited after a push takes precedence over it.
    const counts = draft !== undefined && (tree !== DEVELOPMENT || draft.base === fileDigest);
    const isFile = tree === DEVELOPMENT && !committedOnly && !counts;
    const digest = counts ? draft.digest : isFile ? fileDigest : (row?.digest ?? null);
    if (digest === null) return null;
    const changed_at = counts ? draft.updated_at : isFile && file !== null ? file.updated_at : 0;
    const updated_at = row?.digest === digest ? row.updated_at : changed_at;
    return {
      type: ref.type,
      id: ref.id,
      digest,
      content: isFile && file !== null ? file.content : store.getContent(digest),
      status: this.findStatus(tree, ref, file?.status ?? null),
      created_at: Math.min(row?.created_at ?? updated_at, updated_at),
      updated_at,
    };
  }

  private findStatus(tree: string, ref: ResourceRef, ofFile: ResourceStatus | null): ResourceStatus | null {
    const row = this.store.getStatus(tree, ref);
    if (row === undefined) return ofFile;
    return tree !== DEVELOPMENT || row.base === formatStatus(ofFile) ? row.status : ofFile;
  }

  /** Returns the IDs of a kind's resources, sorted. */
  async listIds(
    { tree, committedOnly }: TreeView,
    type: ResourceType,
    inFiles: readonly string[] = tree === DEVELOPMENT && !committedOnly ? this.files.list(type) : [],
  ): Promise<string[]> {
    const { store } = this;
    const usesRows = tree !== DEVELOPMENT || committedOnly;
    const rows = usesRows ? store.listResources(tree, type) : [];
    const ids = new Set([...inFiles, ...rows.flatMap(({ id, digest }) => (digest === null ? [] : [id]))]);
    for (const draft of committedOnly ? [] : store.listDrafts(tree, type)) {
      // Content of files or of the draft is there, whichever counts. Only a removal depends on whether the files were edited since.
      const isThere = ids.has(draft.id) && draft.digest !== null;
      const isPresent = isThere || (await this.read({ tree, committedOnly }, draft)) !== null;
      if (isPresent) ids.add(draft.id);
      else ids.delete(draft.id);
    }
    return sortIds(type, ids);
  }
}

const sortIds = (type: ResourceType, ids: ReadonlySet<string>): string[] =>
  [...ids].sort(type === "translation" ? compareTranslationIds : undefined);

/** Returns a resource in the form of its main file, with its status. */
function toDocument({ content, status }: TreeResource): Json {
  const document = normalizeDocument(content) as typeof content;
  return status === null ? document : { ...document, __readonly: status };
}

/** The content of a tree other than the working content of development, which the files have no part in. */
export class TreeLayer implements DocumentLayer {
  constructor(
    private readonly trees: AccountTrees,
    private readonly view: TreeView,
  ) {}

  async find(ref: ResourceRef): Promise<Json | null> {
    const found = await this.trees.read(this.view, ref);
    return found && toDocument(found);
  }

  listIds(type: ResourceType): Promise<string[]> {
    return this.trees.listIds(this.view, type, []);
  }
}

/** The content and statuses that were pushed to development, over the project's files. */
export class WorkingLayer implements DocumentLayer {
  private readonly view = { tree: DEVELOPMENT, committedOnly: false };

  /** `getTrees` returns null until there is an account. */
  constructor(private readonly getTrees: () => AccountTrees | null) {}

  async find(ref: ResourceRef): Promise<Json | null | undefined> {
    const trees = this.getTrees();
    if (trees === null) return undefined;
    const { store } = trees;
    if (store.getDraft(DEVELOPMENT, ref) === undefined && store.getStatus(DEVELOPMENT, ref) === undefined)
      return undefined;
    const found = await trees.read(this.view, ref);
    return found && toDocument(found);
  }

  async listIds(type: ResourceType, inFiles: readonly string[]): Promise<readonly string[]> {
    return (await this.getTrees()?.listIds(this.view, type, inFiles)) ?? inFiles;
  }
}

/** A layer with one document more, which is not stored. */
export class CandidateLayer implements DocumentLayer {
  constructor(
    private readonly base: DocumentLayer,
    private readonly candidate: ResourceDocument,
  ) {}

  async find(ref: ResourceRef): Promise<Json | null | undefined> {
    const { type, id, content } = this.candidate;
    return ref.type === type && ref.id === id ? normalizeDocument(content) : this.base.find(ref);
  }

  async listIds(type: ResourceType, inFiles: readonly string[]): Promise<readonly string[]> {
    const ids = await this.base.listIds(type, inFiles);
    return type === this.candidate.type ? sortIds(type, new Set([...ids, this.candidate.id])) : ids;
  }
}
