import type { Message, MessageChannel } from "../../../domain/message/message.js";
import type { Workflow } from "../../../domain/workflow/workflow.js";
import { hashSha256 } from "../../../util/hash.js";
import { SizedCache } from "../../../util/sized-cache.js";
import { type JsonText, parseJson, stringify } from "../../rows/json-column.js";
import { listMessageSources, splitMessageContent } from "../../rows/message-row.js";
import { type CategorizedVersion, type FoundVersions, VersionCategories } from "../../rows/version-categories.js";
import type { Connection } from "../connection/connection.js";
import { buildJson } from "../connection/sql-filters.js";
import type { Reader } from "../connection/transaction.js";

const SELECT_CATEGORIES = `
  SELECT row, definition ->> 'key' AS key, (definition -> 'categories')::text AS categories
  FROM (SELECT row, ${buildJson("definition")} AS definition FROM workflow_versions WHERE row <> ALL($1::bigint[])) v`;

/** A kind of shared rows: its table and how a value is inserted and read. */
interface SharedKind<Value, Row extends Record<keyof Row, string>> {
  table: string;
  columns: readonly (keyof Row & string)[];
  /** The columns that identify a value in the database. */
  identity: readonly (keyof Row & string)[];
  toRow(value: Value): Row;
  fromRow(row: Row): Value;
  /** Returns the text that identifies a value in this process. */
  getKey(value: Value): string;
}

/** The values of one kind that this process has read or inserted, by row and by key. */
class SharedTable<Value, Row extends Record<keyof Row, string>> {
  private readonly rows = new Map<string, number>();
  private readonly values = new Map<number, Value>();
  private readonly inserting = new Map<string, Promise<number>>();
  /** The value that was looked up last, because most messages of a transaction share their channel. */
  private last: { value: Value; row: number } | null = null;

  constructor(private readonly kind: SharedKind<Value, Row>) {}

  getRow(value: Value): number {
    if (this.last?.value === value) return this.last.row;
    const key = this.kind.getKey(value);
    const row = this.rows.get(key);
    if (row === undefined) throw new Error(`${this.kind.table}: not inserted before the transaction: ${key}`);
    this.last = { value, row };
    return row;
  }

  getValue(row: number): Value {
    const value = this.values.get(row);
    if (value === undefined) throw new Error(`${this.kind.table}: row ${row} is not loaded`);
    return value;
  }

  /**
   * Inserts a value unless it is there. Committed at once, so that what is remembered exists. Callers that need the same value
   * wait for one insert, so that they continue in the order of their calls.
   */
  async insert(db: Connection, value: Value): Promise<void> {
    const key = this.kind.getKey(value);
    if (this.rows.has(key)) return;
    let inserting = this.inserting.get(key);
    if (inserting === undefined) {
      inserting = this.findOrInsert(db, value).finally(() => this.inserting.delete(key));
      this.inserting.set(key, inserting);
    }
    this.rows.set(key, await inserting);
  }

  private async findOrInsert(db: Connection, value: Value): Promise<number> {
    const { table, columns, identity } = this.kind;
    const row = this.kind.toRow(value);
    const select = `SELECT row FROM ${table} WHERE ${identity.map((column, index) => `${column} = $${index + 1}`).join(" AND ")}`;
    const identityValues = identity.map((column) => row[column]);
    const placeholders = columns.map((_, index) => `$${index + 1}`).join(", ");
    const insert = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${placeholders}) ON CONFLICT (${identity.join(", ")}) DO NOTHING`;
    const known = await db.get<{ row: number }>(select, ...identityValues);
    if (known !== undefined) return known.row;
    await db.write((tx) => tx.run(insert, ...columns.map((column) => row[column])));
    return (await db.getOne<{ row: number }>(select, ...identityValues)).row;
  }

  /** Reads the values of rows that are not known yet. */
  async load(tx: Reader, rows: readonly number[]): Promise<void> {
    const unknown = [...new Set(rows)].filter((row) => !this.values.has(row));
    if (unknown.length === 0) return;
    const { table, columns } = this.kind;
    const found = await tx.all<Row & { row: number }>(
      `SELECT row, ${columns.join(", ")} FROM ${table} WHERE row = ANY($1)`,
      unknown,
    );
    for (const row of found) {
      const value = this.kind.fromRow(row);
      this.values.set(row.row, value);
      this.rows.set(this.kind.getKey(value), row.row);
    }
  }
}

const VERSIONS: SharedKind<Workflow, { version_id: string; definition: JsonText<Workflow> }> = {
  table: "workflow_versions",
  columns: ["version_id", "definition"],
  identity: ["version_id"],
  toRow: (workflow) => ({ version_id: workflow.version_id, definition: stringify(workflow) }),
  fromRow: ({ definition }) => parseJson(definition),
  getKey: ({ version_id }) => version_id,
};

const CHANNELS: SharedKind<MessageChannel, MessageChannel> = {
  table: "channels",
  columns: ["id", "key", "type", "provider"],
  identity: ["id", "key", "type", "provider"],
  toRow: (channel) => channel,
  fromRow: ({ id, key, type, provider }) => ({ id, key, type, provider }),
  getKey: ({ id, key, type, provider }) => `${id}\n${key}\n${type}\n${provider}`,
};

const sourceKeys = new SizedCache<string>(50_000_000);

/** Returns the key of one source. Cached, because V8 would hash each new text again, and messages of a step share their source. */
function toSourceKey(source: string): string {
  let key = sourceKeys.get(source);
  if (key === undefined) {
    key = `1 ${source}`;
    sourceKeys.set(source, key, 2 * key.length);
  }
  return key;
}

const TEMPLATE_SOURCES: SharedKind<readonly string[], { digest: string; texts: JsonText<readonly string[]> }> = {
  table: "template_sources",
  columns: ["digest", "texts"],
  identity: ["digest"],
  toRow: (sources) => {
    const texts = stringify(sources);
    return { digest: Buffer.from(hashSha256(texts)).toString("hex"), texts };
  },
  fromRow: ({ texts }) => parseJson(texts),
  // Most messages have one source. The JSON of several begins with a bracket.
  getKey: (sources) => (sources.length === 1 ? toSourceKey(sources[0] ?? "") : stringify(sources)),
};

/** The shared parts of a message, and the content that is stored in its own row. */
interface MessageParts {
  channel: number;
  templateSources: number | null;
  content: string;
}

interface RowsToLoad {
  versions?: readonly number[];
  channels?: readonly number[];
  templateSources?: readonly number[];
}

/**
 * The rows that many others refer to, and that never change and are never deleted: workflow versions, channels and the
 * sources of templates. Each is read and written once per process. They are inserted before the transaction that refers to
 * them, so that a rollback cannot remove what is remembered, and that no trigger waits for the rows of another.
 */
export class SharedRows {
  private readonly versions = new SharedTable(VERSIONS);
  private readonly channels = new SharedTable(CHANNELS);
  private readonly templateSources = new SharedTable(TEMPLATE_SOURCES);
  private readonly versionCategories = new VersionCategories();

  /** Inserts what is new of versions and of the channels and sources of messages (E-014). Must run outside of a transaction. */
  async insert(
    db: Connection,
    { versions = [], messages = [] }: { versions?: readonly Workflow[]; messages?: readonly Message[] },
  ): Promise<void> {
    for (const version of versions) await this.versions.insert(db, version);
    let lastChannel: MessageChannel | null = null;
    for (const message of messages) {
      // Most messages of a trigger share their channel.
      if (message.channel !== lastChannel) {
        lastChannel = message.channel;
        await this.channels.insert(db, lastChannel);
      }
      const sources = listMessageSources(message);
      if (sources.length > 0) await this.templateSources.insert(db, sources);
    }
  }

  getVersionRow(version: Workflow): number {
    return this.versions.getRow(version);
  }

  getChannelRow(channel: MessageChannel): number {
    return this.channels.getRow(channel);
  }

  /** Returns the columns of a message that `insert` has prepared. */
  getMessageParts(message: Message): MessageParts {
    const { content, sources } = splitMessageContent(message);
    return {
      channel: this.getChannelRow(message.channel),
      templateSources: sources.length === 0 ? null : this.templateSources.getRow(sources),
      content: stringify(content),
    };
  }

  /** Reads rows, so that the getters below return them. */
  async load(tx: Reader, { versions, channels, templateSources }: RowsToLoad): Promise<void> {
    if (versions) await this.versions.load(tx, versions);
    if (channels) await this.channels.load(tx, channels);
    if (templateSources) await this.templateSources.load(tx, templateSources);
  }

  /** Returns the versions with any of the categories. */
  async findVersions(tx: Reader, categories: readonly string[]): Promise<FoundVersions> {
    // Not those after the last known row, because rows are not committed in the order of their numbers.
    this.versionCategories.add(await tx.all<CategorizedVersion>(SELECT_CATEGORIES, this.versionCategories.listRows()));
    return this.versionCategories.find(categories);
  }

  version(row: number): Workflow {
    return this.versions.getValue(row);
  }

  channel(row: number): MessageChannel {
    return { ...this.channels.getValue(row) };
  }

  templateSource(row: number): readonly string[] {
    return this.templateSources.getValue(row);
  }
}
