import { existsSync } from "node:fs";
import { join } from "node:path";
import { RESOURCE_TYPE_NAMES, type ResourceRef } from "../../../domain/resource/resource-types.js";
import type { ProjectLocation } from "../../../project/find-project.js";
import { formatDisplayPath } from "../../../project/format-display-path.js";
import { listEnvironmentNames } from "../../../project/read-environment.js";
import { recoverPendingFiles } from "../../../project/resources/write-files-together.js";
import { openAccountDatabase } from "./account-database.js";
import { AccountStore } from "./account-store.js";
import { AccountTrees, DEVELOPMENT, getBranchSlug } from "./account-trees.js";
import { insertCommit } from "./commit-store.js";
import { type FileResource, ProjectResources } from "./project-resources.js";

const PRODUCTION = "production";

/** The message of the commits with which an account starts. */
const FIRST_MESSAGE = "Project files";

/** Where an account keeps its state, and the project whose files it starts with. */
interface AccountLocation {
  /** The path of the database, or `:memory:`. */
  file: string;
  /** The folder in which files are prepared before they replace those of the project. */
  pendingFolder: string;
  project: ProjectLocation;
  cwd: string;
}

/** The state of an account. Nothing is stored until {@link start}. */
export class AccountState {
  readonly files: ProjectResources;
  /** The contents that were found to be valid, so that long lists do not check each of them again. */
  readonly validContents = new Set<string>();
  private opened: AccountTrees | null = null;
  private opening: Promise<AccountTrees> | undefined;

  constructor(readonly location: AccountLocation) {
    const { project, cwd } = location;
    const displayPath = (path: string): string => formatDisplayPath(cwd, path);
    this.files = new ProjectResources({ knockDir: project.knockDir, displayPath });
  }

  /** Opens the account of an earlier process, if there is one. */
  async openExisting(): Promise<void> {
    const { file, pendingFolder } = this.location;
    recoverPendingFiles(pendingFolder, this.files.folders.displayPath);
    if (file !== ":memory:" && existsSync(file)) this.opened = await this.openTrees();
  }

  private async openTrees(): Promise<AccountTrees> {
    return new AccountTrees(new AccountStore(await openAccountDatabase(this.location.file)), this.files);
  }

  /** Returns the trees; null until the account has started. */
  get trees(): AccountTrees | null {
    return this.opened?.store.getTree(DEVELOPMENT) === undefined ? null : this.opened;
  }

  /** Returns the slugs of the environments in the order of promotion. */
  listEnvironments(): string[] {
    const names = listEnvironmentNames(this.files.folders);
    return [DEVELOPMENT, ...names.filter((name) => name !== DEVELOPMENT && name !== PRODUCTION), PRODUCTION];
  }

  /**
   * Returns the trees, and starts the account if necessary: everything in the project's files is then committed to development and
   * was promoted to all environments. Throws for a file that cannot be read, and then records nothing.
   */
  start(): Promise<AccountTrees> {
    this.opening ??= this.startOnce().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  private async startOnce(): Promise<AccountTrees> {
    const trees = this.opened ?? (await this.openTrees());
    this.opened = trees;
    const { store } = trees;
    if (store.getTree(DEVELOPMENT) === undefined) await this.recordFiles(trees);
    const missing = this.listEnvironments().filter((slug) => store.getTree(slug) === undefined);
    if (missing.length > 0) store.write(() => this.addEnvironments(store, missing));
    return trees;
  }

  private async recordFiles({ store, files }: AccountTrees): Promise<void> {
    const found: (FileResource & ResourceRef)[] = [];
    for (const type of RESOURCE_TYPE_NAMES)
      for (const id of files.list(type)) {
        const file = await files.read({ type, id });
        if (file !== null) found.push({ type, id, ...file });
      }
    store.write(() => {
      if (store.getTree(DEVELOPMENT) !== undefined) return; // another process was faster
      const now = Date.now();
      store.insertTree(DEVELOPMENT, now);
      for (const { type, id, content } of found)
        insertCommit(store, DEVELOPMENT, {
          type,
          id,
          digest: store.putContent(content),
          message: FIRST_MESSAGE,
          now,
          promoted: 1,
        });
      this.addEnvironments(store, this.listEnvironments().slice(1));
      for (const { type, id, status } of found)
        if (status !== null)
          for (const { tree } of store.listTrees())
            if (tree !== DEVELOPMENT) store.putStatus(tree, { type, id }, { status, base: null });
    });
  }

  /** Adds environments with what is committed to development. */
  private addEnvironments(store: AccountStore, slugs: readonly string[]): void {
    for (const slug of slugs) {
      if (store.getTree(slug) !== undefined) continue;
      store.insertTree(slug, Date.now());
      for (const row of store.listResources(DEVELOPMENT)) store.putResource(slug, row);
    }
  }

  /** Returns whether something was committed since the account started. */
  get hasCommits(): boolean {
    return (this.opened?.store.getTree(DEVELOPMENT)?.last_commit_at ?? null) !== null;
  }

  get hasAudiences(): boolean {
    return (this.opened?.store.listDrafts(DEVELOPMENT, "audience").length ?? 0) > 0;
  }

  listBranches(): string[] {
    return (this.opened?.store.listTrees() ?? []).flatMap(({ tree }) => getBranchSlug(tree) ?? []);
  }

  close(): void {
    this.opened?.store.db.close();
    this.opened = null;
  }
}

/** Returns the paths of an account beside a project's default store. */
export const getAccountPaths = (localFolder: string) => ({
  file: join(localFolder, "account.db"),
  pendingFolder: join(localFolder, "account-files"),
});
