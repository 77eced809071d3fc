import type { ResourceRef, ResourceType } from "../../../domain/resource/resource-types.js";
import type { Connection } from "../../../store/sqlite/connection/connection.js";
import type { JsonObject } from "../../../util/json.js";
import { computeContentDigest } from "./content-digest.js";

/** The committed version of a resource in a tree. */
export interface ResourceRow {
  type: ResourceType;
  id: string;
  /** Null for a resource that was removed. */
  digest: string | null;
  commit_number: number;
  /** In a branch, the digest in development when the branch began or was rebased. */
  base: string | null;
  created_at: number;
  updated_at: number;
}

/** A version of a resource that was pushed to a tree and not committed. */
interface DraftRow {
  type: ResourceType;
  id: string;
  digest: string | null;
  /** The digest of the project's files when it was pushed; null without files. */
  base: string | null;
  updated_at: number;
}

interface TreeRow {
  tree: string;
  created_at: number;
  updated_at: number;
  last_commit_at: number | null;
}

/** Whether a workflow or guide runs, as in `__readonly` of its file. */
export type ResourceStatus = JsonObject;

interface StatusRow {
  status: ResourceStatus;
  /** The status in the project's file when it was set, as text; null in other trees than development. */
  base: string | null;
}

/** New working content of a resource; null removes it. */
export interface WorkingChange extends ResourceRef {
  content: JsonObject | null;
}

/** The rows of an account. Methods that write must be called within {@link write}. */
export class AccountStore {
  constructor(readonly db: Connection) {}

  /** Runs changes in one transaction, so that a crash leaves all of them or none. */
  write<T>(work: () => T): T {
    return this.db.write(work);
  }

  getTree(tree: string): TreeRow | undefined {
    return this.db.get<TreeRow>("SELECT * FROM trees WHERE tree = ?", tree);
  }

  listTrees(): TreeRow[] {
    return this.db.all<TreeRow>("SELECT * FROM trees ORDER BY tree");
  }

  insertTree(tree: string, now: number): void {
    this.db.run("INSERT INTO trees (tree, created_at, updated_at) VALUES (?, ?, ?)", tree, now, now);
  }

  touchTree(tree: string, now: number, isCommit: boolean): void {
    this.db.run("UPDATE trees SET updated_at = ? WHERE tree = ?", now, tree);
    if (isCommit) this.db.run("UPDATE trees SET last_commit_at = ? WHERE tree = ?", now, tree);
  }

  deleteTree(tree: string): void {
    for (const table of ["trees", "resources", "drafts", "statuses", "commits"])
      this.db.run(`DELETE FROM ${table} WHERE tree = ?`, tree);
    this.db.run(
      "DELETE FROM contents WHERE digest NOT IN (SELECT digest FROM resources WHERE digest IS NOT NULL UNION SELECT digest FROM drafts WHERE digest IS NOT NULL UNION SELECT digest FROM commits WHERE digest IS NOT NULL)",
    );
  }

  /** Stores a content once, and returns its digest. */
  putContent(content: JsonObject): string {
    const digest = computeContentDigest(content);
    this.db.run(
      "INSERT INTO contents (digest, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
      digest,
      JSON.stringify(content),
    );
    return digest;
  }

  getContent(digest: string): JsonObject {
    const { content } = this.db.getOne<{ content: string }>("SELECT content FROM contents WHERE digest = ?", digest);
    return JSON.parse(content) as JsonObject;
  }

  getResource(tree: string, { type, id }: ResourceRef): ResourceRow | undefined {
    return this.db.get<ResourceRow>("SELECT * FROM resources WHERE tree = ? AND type = ? AND id = ?", tree, type, id);
  }

  /** Returns what is committed in a tree, also removed resources. */
  listResources(tree: string, type?: ResourceType): ResourceRow[] {
    return type === undefined
      ? this.db.all<ResourceRow>("SELECT * FROM resources WHERE tree = ? ORDER BY type, id", tree)
      : this.db.all<ResourceRow>("SELECT * FROM resources WHERE tree = ? AND type = ? ORDER BY id", tree, type);
  }

  putResource(tree: string, row: ResourceRow): void {
    this.db.run(
      `INSERT INTO resources (tree, type, id, digest, commit_number, base, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET digest = excluded.digest, commit_number = excluded.commit_number, base = excluded.base,
          updated_at = excluded.updated_at`,
      ...[tree, row.type, row.id, row.digest, row.commit_number, row.base, row.created_at, row.updated_at],
    );
  }

  getDraft(tree: string, { type, id }: ResourceRef): DraftRow | undefined {
    return this.db.get<DraftRow>("SELECT * FROM drafts WHERE tree = ? AND type = ? AND id = ?", tree, type, id);
  }

  listDrafts(tree: string, type?: ResourceType): DraftRow[] {
    return type === undefined
      ? this.db.all<DraftRow>("SELECT * FROM drafts WHERE tree = ? ORDER BY type, id", tree)
      : this.db.all<DraftRow>("SELECT * FROM drafts WHERE tree = ? AND type = ? ORDER BY id", tree, type);
  }

  putDraft(tree: string, { type, id, digest, base, updated_at }: DraftRow): void {
    this.db.run(
      `INSERT INTO drafts (tree, type, id, digest, base, updated_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET digest = excluded.digest, base = excluded.base, updated_at = excluded.updated_at`,
      ...[tree, type, id, digest, base, updated_at],
    );
  }

  deleteDraft(tree: string, { type, id }: ResourceRef): void {
    this.db.run("DELETE FROM drafts WHERE tree = ? AND type = ? AND id = ?", tree, type, id);
  }

  getStatus(tree: string, { type, id }: ResourceRef): StatusRow | undefined {
    const row = this.db.get<{ status: string; base: string | null }>(
      "SELECT status, base FROM statuses WHERE tree = ? AND type = ? AND id = ?",
      ...[tree, type, id],
    );
    return row && { status: JSON.parse(row.status) as ResourceStatus, base: row.base };
  }

  putStatus(tree: string, { type, id }: ResourceRef, { status, base }: StatusRow): void {
    this.db.run(
      `INSERT INTO statuses (tree, type, id, status, base) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET status = excluded.status, base = excluded.base`,
      ...[tree, type, id, JSON.stringify(status), base],
    );
  }
}
