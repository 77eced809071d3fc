import type { MessageChannel } from "../../../domain/message/message.js";
import type { Workflow } from "../../../domain/workflow/workflow.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { type CategorizedVersion, type FoundVersions, VersionCategories } from "../../rows/version-categories.js";
import type { Connection } from "../connection/connection.js";

const SELECT_CATEGORIES =
  "SELECT row, definition ->> '$.key' AS key, definition -> '$.categories' AS categories FROM workflow_versions WHERE row > ?";

/** Maximum number of remembered names. A store may have any number of tenants. */
const MAX_NAMES = 1_000;
/** Maximum number of remembered claims. Claims that are never saved, such as after an error, would otherwise accumulate. */
const MAX_CLAIMS = 8;

/**
 * Cache of the rows that many others point to, and that never change and are never deleted: workflow versions, names of
 * workflows and tenants, channels and the sources of templates. Each is read and written once per process.
 */
export class SharedRows {
  private readonly versionRows = new Map<string, number>();
  private readonly versions = new Map<number, Workflow>();
  private readonly nameRows = new Map<string, number>();
  private readonly channelRows = new Map<string, number>();
  private readonly channels = new Map<number, MessageChannel>();
  /** Rows of lists of sources, by the first source of each list. */
  private readonly templateSourceRows = new Map<string, { sources: readonly string[]; row: number }[]>();
  private lastTemplateSources: { sources: readonly string[]; row: number } = { sources: [], row: 0 };
  private readonly templateSources = new Map<number, readonly string[]>();
  private lastChannel: { readChannel: MessageChannel | null; row: number } = { readChannel: null, row: 0 };
  /** The rows of the runs that a claim leased, by run id, for each claim's token. */
  private readonly claimRows = new Map<string, Map<string, number>>();

  private readonly versionCategories = new VersionCategories();

  constructor(private readonly db: Connection) {
    db.onRollback(() => {
      for (const map of [this.versionRows, this.versions, this.nameRows, this.channelRows, this.channels]) map.clear();
      for (const map of [this.templateSourceRows, this.templateSources, this.versionCategories]) map.clear();
      this.lastChannel = { readChannel: null, row: 0 };
      this.lastTemplateSources = { sources: [], row: 0 };
    });
  }

  /** Remembers the rows of a claim's runs until it is saved. Looking them up again by their ids costs a tenth of the claim. */
  rememberClaimRows(token: string, rows: Map<string, number>): void {
    this.claimRows.set(token, rows);
    const [oldest] = this.claimRows.keys();
    if (this.claimRows.size > MAX_CLAIMS && oldest !== undefined) this.claimRows.delete(oldest);
  }

  /** Returns and forgets the rows of a claim. */
  removeClaimRows(token: string): Map<string, number> | undefined {
    const rows = this.claimRows.get(token);
    this.claimRows.delete(token);
    return rows;
  }

  /** Returns the row of a workflow version, and inserts it if it is new (E-014). Must run inside a write. */
  upsertVersion(workflow: Workflow): number {
    const { db } = this;
    let row = this.versionRows.get(workflow.version_id);
    if (row === undefined) {
      row =
        db.get<{ row: number }>("SELECT row FROM workflow_versions WHERE version_id = ?", workflow.version_id)?.row ??
        db.insert(
          "INSERT INTO workflow_versions (version_id, definition) VALUES (?, ?)",
          workflow.version_id,
          stringify(workflow),
        );
      this.versionRows.set(workflow.version_id, row);
    }
    return row;
  }

  readVersion(row: number): Workflow {
    let version = this.versions.get(row);
    if (version === undefined) {
      const found = this.db.getOne<{ definition: JsonText<Workflow> }>(
        "SELECT definition FROM workflow_versions WHERE row = ?",
        row,
      );
      version = parseJson(found.definition);
      this.versions.set(row, version);
    }
    return version;
  }

  /** Returns the versions with any of the categories. */
  findVersions(categories: readonly string[]): FoundVersions {
    const last = Math.max(0, ...this.versionCategories.listRows());
    this.versionCategories.add(this.db.all<CategorizedVersion>(SELECT_CATEGORIES, last));
    return this.versionCategories.find(categories);
  }

  /** Returns the row of the name of a workflow or tenant, and inserts it if it is new. Must run inside a write. */
  upsertName(name: string | null): number | null {
    if (name === null) return null;
    let row = this.nameRows.get(name);
    if (row === undefined) {
      if (this.nameRows.size === MAX_NAMES) this.nameRows.clear();
      row =
        this.db.get<{ row: number }>("SELECT row FROM names WHERE name = ?", name)?.row ??
        this.db.insert("INSERT INTO names (name) VALUES (?)", name);
      this.nameRows.set(name, row);
    }
    return row;
  }

  /** Returns the row of a channel as a message shows it, and inserts it if it is new. Must run inside a write. */
  upsertChannel(channel: MessageChannel): number {
    // Most messages of a trigger share their channel.
    if (channel === this.lastChannel.readChannel) return this.lastChannel.row;
    const row = this.findOrInsertChannel(channel);
    this.lastChannel = { readChannel: channel, row };
    return row;
  }

  private findOrInsertChannel({ id, key, type, provider }: MessageChannel): number {
    const { db } = this;
    const name = `${id}\n${key}\n${type}\n${provider}`;
    let row = this.channelRows.get(name);
    if (row === undefined) {
      row =
        db.get<{ row: number }>(
          "SELECT row FROM channels WHERE id = ? AND key = ? AND type = ? AND provider = ?",
          id,
          key,
          type,
          provider,
        )?.row ??
        db.insert("INSERT INTO channels (id, key, type, provider) VALUES (?, ?, ?, ?)", id, key, type, provider);
      this.channelRows.set(name, row);
    }
    return row;
  }

  channel(row: number): MessageChannel {
    let channel = this.channels.get(row);
    if (channel === undefined) {
      const found = this.db.get<MessageChannel>("SELECT id, key, type, provider FROM channels WHERE row = ?", row);
      if (found === undefined) throw new Error(`channel row ${row} is missing`);
      channel = { ...found };
      this.channels.set(row, channel);
    }
    return { ...channel };
  }

  /**
   * Returns the row of the sources in a message's content, and inserts it if it is new. Must run inside a write. Compares texts
   * and not their JSON: equal sources are usually the same object, and their JSON would have to be built for each message.
   */
  upsertTemplateSources(sources: readonly string[]): number {
    if (areEqualTexts(sources, this.lastTemplateSources.sources)) return this.lastTemplateSources.row;
    const first = sources[0] ?? "";
    const known = this.templateSourceRows.get(first) ?? [];
    const found = known.find((other) => areEqualTexts(other.sources, sources));
    if (found !== undefined) {
      this.lastTemplateSources = found;
      return found.row;
    }
    const { db } = this;
    const texts = stringify(sources);
    const row =
      db.get<{ row: number }>("SELECT row FROM template_sources WHERE texts = ?", texts)?.row ??
      db.insert("INSERT INTO template_sources (texts) VALUES (?)", texts);
    this.templateSourceRows.set(first, [...known, { sources, row }]);
    return row;
  }

  readTemplateSources(row: number): readonly string[] {
    let sources = this.templateSources.get(row);
    if (sources === undefined) {
      const found = this.db.getOne<{ texts: JsonText<string[]> }>(
        "SELECT texts FROM template_sources WHERE row = ?",
        row,
      );
      sources = parseJson(found.texts);
      this.templateSources.set(row, sources);
    }
    return sources;
  }
}

function areEqualTexts(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
