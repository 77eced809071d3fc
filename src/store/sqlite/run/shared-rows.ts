import type { MessageChannel } from "../../../domain/message/message.js";
import type { Workflow } from "../../../domain/workflow/workflow.js";
import type { Connection } from "../connection/connection.js";

/** Of claims that were never saved, as after a fault, no more than these are remembered. */
const MAX_CLAIMS = 8;

/**
 * Rows that many others point to and that never change or go: workflow versions and channels. Each is read and written
 * once per process.
 */
export class SharedRows {
  private readonly versionRows = new Map<string, number>();
  private readonly versions = new Map<number, Workflow>();
  private readonly channelRows = new Map<string, number>();
  private readonly channels = new Map<number, MessageChannel>();
  private lastChannel: { readChannel: MessageChannel | null; row: number } = { readChannel: null, row: 0 };
  /** By a claim's token: the rows of the runs that it leased, by their ids. */
  private readonly claims = new Map<string, ReadonlyMap<string, number>>();

  constructor(private readonly db: Connection) {
    db.onRollback(() => {
      for (const map of [this.versionRows, this.versions, this.channelRows, this.channels]) map.clear();
      this.lastChannel = { readChannel: null, row: 0 };
    });
  }

  /** Keeps where the runs of a claim stand until it is saved: looking them up by their ids once more costs a tenth of it. */
  rememberClaim(token: string, rows: ReadonlyMap<string, number>): void {
    this.claims.set(token, rows);
    const [oldest] = this.claims.keys();
    if (this.claims.size > MAX_CLAIMS && oldest !== undefined) this.claims.delete(oldest);
  }

  takeClaim(token: string): ReadonlyMap<string, number> | undefined {
    const rows = this.claims.get(token);
    this.claims.delete(token);
    return rows;
  }

  /** The row of a workflow version, which is written if it is new (E-014). Inside a write only. */
  upsertVersion(readVersion: Workflow): number {
    const { db } = this;
    let row = this.versionRows.get(readVersion.version_id);
    if (row === undefined) {
      row =
        db.get<{ row: number }>("SELECT row FROM workflow_versions WHERE version_id = ?", readVersion.version_id)
          ?.row ??
        db.insert(
          "INSERT INTO workflow_versions (version_id, definition) VALUES (?, ?)",
          readVersion.version_id,
          JSON.stringify(readVersion),
        );
      this.versionRows.set(readVersion.version_id, row);
    }
    return row;
  }

  version(row: number): Workflow {
    let version = this.versions.get(row);
    if (version === undefined) {
      const found = this.db.get<{ definition: string }>(
        "SELECT definition FROM workflow_versions WHERE row = ?",
        row,
      ) as { definition: string };
      version = JSON.parse(found.definition) as Workflow;
      this.versions.set(row, version);
    }
    return version;
  }

  /** The row of a channel as a message shows it, which is written if it is new. Inside a write only. */
  upsertChannel(channel: MessageChannel): number {
    // Messages of a trigger mostly share theirs.
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
}
