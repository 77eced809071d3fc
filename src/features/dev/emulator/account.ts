import type { ResourceDocument } from "../../../domain/resource/resource-document.js";
import type { ResourceRef, ResourceType } from "../../../domain/resource/resource-types.js";

/** The environment and the branch that a request names. */
export interface AccountScope {
  /** A slug. Default of requests: `development`. */
  environment: string;
  branch: string | null;
}

/** A resource as the account stores it. Times are in ISO 8601. */
export interface StoredResource extends ResourceDocument {
  /** Whether a workflow or guide runs in the environment; null for other kinds. */
  active: boolean | null;
  valid: boolean;
  /** The digest of the content. */
  sha: string;
  created_at: string;
  updated_at: string;
}

export interface ReadOptions {
  /** Whether uncommitted content is ignored (`hide_uncommitted_changes`). */
  committedOnly: boolean;
}

export interface PushOptions {
  /** Whether the content is committed at once. */
  commit: boolean;
  message: string | null;
  /** Whether a commit without changes is created. */
  allowEmpty: boolean;
  /** Whether an environment other than development may be pushed to. */
  force: boolean;
}

/** A schedule of a guide. Times are in ISO 8601; null is open. */
export type ActivationChange = { active: boolean } | { from: string | null; until: string | null };

export interface AccountCommit {
  /** A UUID. */
  id: string;
  /** The environment's slug. */
  environment: string;
  branch: string | null;
  resource: ResourceRef;
  message: string | null;
  created_at: string;
  /** Whether the next environment, or development for a commit of a branch, has this commit or a later one of the resource. */
  promoted: boolean;
}

/** The resources that a commit or promotion is limited to; null for all. */
export interface ResourceSelection {
  types: readonly ResourceType[] | null;
  id: string | null;
}

export interface CommitFilter extends AccountScope, ResourceSelection {
  promoted: boolean | null;
}

export interface AccountBranch {
  slug: string;
  created_at: string;
  updated_at: string;
  last_commit_at: string | null;
}

export interface AccountEnvironment {
  slug: string;
  name: string;
  /** From 0, in the order of promotion. */
  order: number;
  created_at: string;
  updated_at: string;
  last_commit_at: string | null;
}

/**
 * Holds what the service stores for an account: resources, commits, branches and environments. Methods throw `resource_missing` for
 * resources, commits and environments that do not exist, `ApiError` 404 `branch_not_found` for branches, `invalid_params` or
 * `workflow_invalid` with a JSON pointer for each finding in a document, and `conflict` for a change that the state of the account
 * does not allow.
 */
export interface Account {
  /** Throws if there is no such environment or branch. */
  checkScope(scope: AccountScope): Promise<void>;
  /** Returns the environments in the order of promotion. */
  listEnvironments(): Promise<AccountEnvironment[]>;
  /** Returns the IDs of a kind's resources, sorted. */
  listIds(scope: AccountScope, type: ResourceType, options: ReadOptions): Promise<string[]>;
  /** Returns the resources of a kind with these IDs, by default all, sorted by ID. */
  list(
    scope: AccountScope,
    type: ResourceType,
    options: ReadOptions,
    ids?: readonly string[],
  ): Promise<StoredResource[]>;
  get(scope: AccountScope, ref: ResourceRef, options: ReadOptions): Promise<StoredResource | null>;
  /** Checks a document as `knock validate` does, and returns what a push would store. Pointers of errors begin in the content. */
  validate(scope: AccountScope, document: ResourceDocument): Promise<StoredResource>;
  push(scope: AccountScope, document: ResourceDocument, options: PushOptions): Promise<StoredResource>;
  /** Changes whether a workflow or guide runs. This needs no commit. */
  activate(scope: AccountScope, ref: ResourceRef, change: ActivationChange): Promise<StoredResource>;
  /** Removes a guide or audience. */
  archive(scope: AccountScope, ref: ResourceRef): Promise<void>;
  /** Returns commits, newest first. */
  listCommits(filter: CommitFilter): Promise<AccountCommit[]>;
  getCommit(id: string): Promise<AccountCommit | null>;
  /** Commits changes, and returns their number. */
  commitAll(
    scope: AccountScope,
    options: ResourceSelection & { message: string | null; allowEmpty: boolean },
  ): Promise<number>;
  /** Promotes the commits of the previous environment, or of a branch, and returns their number. */
  promoteAll(options: ResourceSelection & { toEnvironment: string; branch: string | null }): Promise<number>;
  /** Promotes one commit to the next environment, and returns the new commit there. */
  promoteCommit(id: string): Promise<AccountCommit>;
  /** Returns the branches, sorted by slug. */
  listBranches(): Promise<AccountBranch[]>;
  getBranch(slug: string): Promise<AccountBranch>;
  createBranch(slug: string): Promise<AccountBranch>;
  deleteBranch(slug: string): Promise<void>;
  rebaseBranch(slug: string): Promise<AccountBranch>;
  /** Returns the name of the branch under which the engine runs the latest content of a scope; undefined for its own content. */
  runBranch(scope: AccountScope): string | undefined;
}
