import { createHash, randomUUID } from "node:crypto";
import { isEqualDocument } from "../../src/domain/resource/is-equal-document.js";
import type { ResourceDocument } from "../../src/domain/resource/resource-document.js";
import type { ResourceRef, ResourceType } from "../../src/domain/resource/resource-types.js";
import { KnockError } from "../../src/errors/knock-error.js";
import type {
  Account,
  AccountBranch,
  AccountCommit,
  AccountEnvironment,
  AccountScope,
  ActivationChange,
  CommitFilter,
  PushOptions,
  ReadOptions,
  ResourceSelection,
  StoredResource,
} from "../../src/features/dev/emulator/account.js";
import { ApiError } from "../../src/features/dev/emulator/http/api-error.js";
import { stableStringify } from "../../src/util/json.js";

type Tree = Map<string, StoredResource>;

const AT = "2025-01-06T10:00:00Z";
const toKey = ({ type, id }: ResourceRef): string => `${type} ${id}`;
const isSelected = ({ types, id }: ResourceSelection, ref: ResourceRef): boolean =>
  (types === null || types.includes(ref.type)) && (id === null || id === ref.id);

/** An account in memory, with the states of the service: pushed content is uncommitted until a commit. */
export class FakeAccount implements Account {
  private readonly working = new Map<string, Tree>([["development", new Map()]]);
  private readonly committed = new Map<string, Tree>([
    ["development", new Map()],
    ["production", new Map()],
  ]);
  private readonly commits: AccountCommit[] = [];
  private readonly branches = new Map<string, AccountBranch>();

  private treeName({ environment, branch }: AccountScope): string {
    return branch === null ? environment : `branch ${branch}`;
  }

  private tree(scope: AccountScope, { committedOnly }: ReadOptions): Tree {
    const name = this.treeName(scope);
    return (committedOnly ? undefined : this.working.get(name)) ?? this.committed.get(name) ?? new Map();
  }

  async checkScope({ environment, branch }: AccountScope): Promise<void> {
    if (!this.committed.has(environment))
      throw new KnockError("resource_missing", `there is no environment "${environment}"`);
    if (branch !== null) await this.getBranch(branch);
  }

  async listEnvironments(): Promise<AccountEnvironment[]> {
    const times = { created_at: AT, updated_at: AT, last_commit_at: null };
    return [
      { slug: "development", name: "Development", order: 0, ...times },
      { slug: "production", name: "Production", order: 1, ...times },
    ];
  }

  async listIds(scope: AccountScope, type: ResourceType, options: ReadOptions): Promise<string[]> {
    return (await this.list(scope, type, options)).map(({ id }) => id);
  }

  async list(
    scope: AccountScope,
    type: ResourceType,
    options: ReadOptions,
    ids?: readonly string[],
  ): Promise<StoredResource[]> {
    const all = [...this.tree(scope, options).values()].filter((resource) => resource.type === type);
    const found = ids === undefined ? all : all.filter(({ id }) => ids.includes(id));
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async get(scope: AccountScope, ref: ResourceRef, options: ReadOptions): Promise<StoredResource | null> {
    return this.tree(scope, options).get(toKey(ref)) ?? null;
  }

  async validate(scope: AccountScope, document: ResourceDocument): Promise<StoredResource> {
    if (document.type === "workflow" && typeof document.content.name !== "string")
      throw new KnockError("workflow_invalid", "invalid workflow", {
        details: [{ pointer: "/name", message: "is required" }],
      });
    const before = this.tree(scope, { committedOnly: false }).get(toKey(document));
    const sha = createHash("sha256").update(stableStringify(document.content)).digest("hex");
    const active = document.type === "workflow" || document.type === "guide" ? (before?.active ?? false) : null;
    return { ...document, active, valid: true, sha, created_at: AT, updated_at: AT };
  }

  async push(scope: AccountScope, document: ResourceDocument, options: PushOptions): Promise<StoredResource> {
    if (scope.environment !== "development" && !options.force)
      throw new ApiError(422, "conflict", "Only development can be pushed to without force");
    const stored = await this.validate(scope, document);
    const name = this.treeName(scope);
    (this.working.get(name) ?? this.committed.get(name))?.set(toKey(document), stored);
    const selection = { types: [document.type], id: document.id };
    if (options.commit)
      await this.commitAll(scope, { ...selection, message: options.message, allowEmpty: options.allowEmpty });
    return stored;
  }

  async activate(scope: AccountScope, ref: ResourceRef, change: ActivationChange): Promise<StoredResource> {
    const found = await this.get(scope, ref, { committedOnly: false });
    if (found === null) throw new KnockError("resource_missing", `there is no ${ref.type} "${ref.id}"`);
    found.active = "active" in change ? change.active : change.from !== null;
    return found;
  }

  async archive(scope: AccountScope, ref: ResourceRef): Promise<void> {
    if (!this.tree(scope, { committedOnly: false }).delete(toKey(ref)))
      throw new KnockError("resource_missing", `there is no ${ref.type} "${ref.id}"`);
  }

  async listCommits(filter: CommitFilter): Promise<AccountCommit[]> {
    return this.commits.filter(
      ({ environment, branch, promoted, resource }) =>
        environment === filter.environment &&
        branch === filter.branch &&
        (filter.promoted === null || filter.promoted === promoted) &&
        isSelected(filter, resource),
    );
  }

  async getCommit(id: string): Promise<AccountCommit | null> {
    return this.commits.find((commit) => commit.id === id) ?? null;
  }

  private addCommit(commit: Omit<AccountCommit, "id" | "created_at" | "promoted">): AccountCommit {
    const added = { ...commit, id: randomUUID(), created_at: AT, promoted: false };
    this.commits.unshift(added);
    return added;
  }

  async commitAll(
    scope: AccountScope,
    options: ResourceSelection & { message: string | null; allowEmpty: boolean },
  ): Promise<number> {
    const name = this.treeName(scope);
    const committed = this.committed.get(name) ?? new Map<string, StoredResource>();
    this.committed.set(name, committed);
    let count = 0;
    for (const resource of this.tree(scope, { committedOnly: false }).values()) {
      const before = committed.get(toKey(resource));
      const isSame = before !== undefined && isEqualDocument(before.content, resource.content);
      if (!isSelected(options, resource) || (isSame && !options.allowEmpty)) continue;
      committed.set(toKey(resource), { ...resource });
      this.addCommit({ ...scope, resource: { type: resource.type, id: resource.id }, message: options.message });
      count++;
    }
    if (count === 0) throw new KnockError("conflict", "there are no changes to commit");
    return count;
  }

  async promoteAll(options: ResourceSelection & { toEnvironment: string; branch: string | null }): Promise<number> {
    await this.checkScope({ environment: options.toEnvironment, branch: options.branch });
    const pending = this.commits.filter(
      ({ environment, branch, promoted, resource }) =>
        environment === "development" && branch === options.branch && !promoted && isSelected(options, resource),
    );
    for (const { id } of pending) await this.promoteCommit(id);
    if (pending.length === 0) throw new KnockError("conflict", "there are no changes to promote");
    return pending.length;
  }

  async promoteCommit(id: string): Promise<AccountCommit> {
    const commit = await this.getCommit(id);
    if (commit === null) throw new KnockError("resource_missing", `there is no commit "${id}"`);
    commit.promoted = true;
    const stored = await this.get(commit, commit.resource, { committedOnly: true });
    const environment = commit.branch === null ? "production" : "development";
    if (stored !== null) {
      this.committed.get(environment)?.set(toKey(stored), stored);
      this.working.get(environment)?.set(toKey(stored), stored);
    }
    return this.addCommit({ ...commit, environment, branch: null });
  }

  async listBranches(): Promise<AccountBranch[]> {
    return [...this.branches.values()].sort((a, b) => (a.slug < b.slug ? -1 : 1));
  }

  async getBranch(slug: string): Promise<AccountBranch> {
    const branch = this.branches.get(slug);
    if (branch === undefined) throw new ApiError(404, "branch_not_found", `There is no branch "${slug}"`);
    return branch;
  }

  async createBranch(slug: string): Promise<AccountBranch> {
    if (this.branches.has(slug)) throw new KnockError("conflict", `there is a branch "${slug}" already`);
    const branch = { slug, created_at: AT, updated_at: AT, last_commit_at: null };
    this.branches.set(slug, branch);
    const main = this.committed.get("development");
    this.committed.set(`branch ${slug}`, new Map(main));
    this.working.set(`branch ${slug}`, new Map(main));
    return branch;
  }

  async deleteBranch(slug: string): Promise<void> {
    await this.getBranch(slug);
    this.branches.delete(slug);
  }

  rebaseBranch(slug: string): Promise<AccountBranch> {
    return this.getBranch(slug);
  }

  runBranch({ branch }: AccountScope): string | undefined {
    return branch ?? undefined;
  }
}
