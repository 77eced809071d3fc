import { ACCOUNT_TREE_PREFIX } from "../../domain/resource/resource-id.js";
import type { ResourceRef, ResourceType } from "../../domain/resource/resource-types.js";
import type { Definitions } from "../../ports/definitions.js";
import type { AccountEngine } from "./account/account-engine.js";
import type { AccountState } from "./account/account-state.js";
import { DEVELOPMENT, getBranchTree, TreeLayer, type TreeView } from "./account/account-trees.js";
import type { AccountScope } from "./emulator/account.js";
import type { FollowedProject } from "./followed-project.js";
import type { SnapshotKind } from "./project-snapshot.js";

/** The kinds of resources that are read after each change of a file. */
const SNAPSHOT_KINDS: Partial<Record<ResourceType, SnapshotKind>> = {
  email_layout: "layout",
  partial: "partial",
  workflow: "workflow",
};

const COMMITTED: TreeView = { tree: DEVELOPMENT, committedOnly: true };

/** The definitions that the engine uses: the content of the project's files, or what is committed in a tree of the account. */
export class ServedProjects implements AccountEngine {
  private readonly opened = new Map<string, { followed: FollowedProject; definitions: Definitions }>();
  /** The definitions of the public API. */
  readonly definitions: Definitions;

  constructor(
    private readonly state: AccountState,
    /** The project's files, with what was pushed to development. */
    readonly working: FollowedProject,
    /** Whether the public API uses uncommitted content also after the first commit. */
    private readonly alwaysWorking: boolean,
  ) {
    const served = (): Definitions => this.served.definitions;
    this.definitions = {
      workflow: (key) => served().workflow(key),
      workflowKeys: () => served().workflowKeys(),
      environment: working.definitions.environment,
      audiences: () => served().audiences(),
      emailLayout: (key) => served().emailLayout(key),
      partial: (key) => served().partial(key),
      request: (key) => served().request(key),
      translations: () => served().translations(),
      branch: (slug) => this.findBranch(slug),
      branches: () => this.listBranches(),
    };
  }

  /** Whether the public API uses uncommitted content. */
  get servesWorking(): boolean {
    return this.alwaysWorking || !this.state.hasCommits;
  }

  /** The project that the public API uses. */
  get served(): FollowedProject {
    return this.servesWorking ? this.working : this.open(COMMITTED).followed;
  }

  /** Returns the name of the branch under which the engine runs the latest content of a scope. */
  getRunBranch({ environment, branch }: AccountScope): string | undefined {
    const store = this.state.trees?.store;
    const tree = branch === null ? environment : getBranchTree(branch);
    if (store?.getTree(tree) === undefined) return branch ?? undefined;
    if (this.servesWorking && (branch !== null || environment === DEVELOPMENT)) return branch ?? undefined;
    return ACCOUNT_TREE_PREFIX + tree;
  }

  isKnownValid({ type, id: key }: ResourceRef): boolean {
    const kind = SNAPSHOT_KINDS[type];
    return kind !== undefined && this.working.findError({ kind, key, branch: null }) === null;
  }

  /** Applies changes of the account. */
  reload(): void {
    this.working.acceptDocuments();
  }

  private listBranches(): string[] {
    return [...new Set([...(this.working.definitions.branches?.() ?? []), ...this.state.listBranches()])].sort();
  }

  private findBranch(slug: string): Definitions | null {
    const store = this.state.trees?.store;
    const hasTree = (tree: string): boolean => store?.getTree(tree) !== undefined;
    if (slug === ACCOUNT_TREE_PREFIX + DEVELOPMENT)
      return this.open({ ...COMMITTED, committedOnly: false }).definitions;
    if (slug.startsWith(ACCOUNT_TREE_PREFIX)) {
      const tree = slug.slice(ACCOUNT_TREE_PREFIX.length);
      return hasTree(tree) ? this.open({ tree, committedOnly: false }).definitions : null;
    }
    const tree = getBranchTree(slug);
    if (hasTree(tree)) return this.open({ tree, committedOnly: !this.servesWorking }).definitions;
    const { definitions } = this.working;
    const ofFiles = definitions.branch?.(slug) ?? null;
    return ofFiles === definitions ? this.definitions : ofFiles;
  }

  private open(view: TreeView): { followed: FollowedProject; definitions: Definitions } {
    const name = `${view.tree} ${view.committedOnly}`;
    const known = this.opened.get(name);
    if (known !== undefined) return known;
    const { trees } = this.state;
    const isWorking = view.tree === DEVELOPMENT && !view.committedOnly;
    const followed = isWorking || trees === null ? this.working : this.working.followWith(new TreeLayer(trees, view));
    const { environment } = this.working.definitions;
    const { branch, branches } = this.definitions;
    const definitions = { ...followed.definitions, environment, branch, branches } as Definitions;
    const opened = { followed, definitions };
    this.opened.set(name, opened);
    return opened;
  }
}
