import type { AcknowledgedEntry, OutboundEntry, OutboundLog } from "../../../ports/outbound-log.js";
import type { JsonObject } from "../../../util/json.js";
import { hasTokenOwnerEnded } from "../../../util/process-identity.js";
import { stringify } from "../../rows/json-column.js";
import { type OutboundEventRow, toOutboundEntry } from "../../rows/log-rows.js";
import type { Connection } from "../connection/connection.js";

/** How long events are kept while no one reads them. */
const MAX_AGE_MS = 24 * 3_600_000;
/** Maximum number of events that are kept. The oldest are deleted first. */
const MAX_ENTRIES = 100_000;

/** SQLite's own time in milliseconds: SQL triggers cannot read the time that a test gives a store. */
const SQL_NOW = "CAST(strftime('%s', 'now') AS INTEGER) * 1000";
const IS_WATCHED = `(SELECT keep_until FROM outbound_watch) > ${SQL_NOW}`;

/**
 * The tables of the log and the SQL triggers that fill it. SQL triggers run in whichever process writes to the file, and a file
 * without configured webhooks has none, so that its writes cost nothing extra.
 */
export const WATCH_SCRIPT = `
  CREATE TABLE IF NOT EXISTS outbound_watch (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    claim_token TEXT,
    claim_until INTEGER NOT NULL,
    keep_until INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS outbound_events (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    message TEXT,
    recipient_run TEXT,
    first INTEGER,
    last INTEGER,
    type TEXT,
    at INTEGER,
    document TEXT
  );
  CREATE TABLE IF NOT EXISTS outbound_taken (
    event INTEGER NOT NULL,
    webhook TEXT NOT NULL,
    PRIMARY KEY (event, webhook)
  ) WITHOUT ROWID;
  DROP TRIGGER IF EXISTS outbound_message_made;
  CREATE TRIGGER outbound_message_made AFTER INSERT ON messages WHEN ${IS_WATCHED} BEGIN
    INSERT INTO outbound_events (message, first, last) VALUES (NEW.id, 0, json_array_length(NEW.events));
  END;
  DROP TRIGGER IF EXISTS outbound_message_changed;
  CREATE TRIGGER outbound_message_changed AFTER UPDATE OF events ON messages
    WHEN json_array_length(NEW.events) > json_array_length(OLD.events) AND ${IS_WATCHED} BEGIN
    INSERT INTO outbound_events (message, first, last)
      VALUES (NEW.id, json_array_length(OLD.events), json_array_length(NEW.events));
  END;
  DROP TRIGGER IF EXISTS outbound_run_started;
  CREATE TRIGGER outbound_run_started AFTER INSERT ON recipient_runs WHEN ${IS_WATCHED} BEGIN
    INSERT INTO outbound_events (recipient_run, type, at) VALUES (NEW.id, 'started', NEW.inserted_at);
    INSERT INTO outbound_events (recipient_run, type, at) SELECT NEW.id, 'error', NEW.updated_at WHERE NEW.error_count > 0;
    INSERT INTO outbound_events (recipient_run, type, at)
      SELECT NEW.id, 'completed', NEW.updated_at WHERE NEW.status = 'completed';
  END;
  DROP TRIGGER IF EXISTS outbound_run_changed;
  CREATE TRIGGER outbound_run_changed AFTER UPDATE OF status, error_count ON recipient_runs WHEN ${IS_WATCHED} BEGIN
    INSERT INTO outbound_events (recipient_run, type, at)
      SELECT NEW.id, 'error', NEW.updated_at WHERE NEW.error_count > OLD.error_count;
    INSERT INTO outbound_events (recipient_run, type, at)
      SELECT NEW.id, 'completed', NEW.updated_at WHERE NEW.status = 'completed' AND OLD.status <> 'completed';
  END`;

const SCHEMA_OBJECTS = [
  "TRIGGER outbound_message_made",
  "TRIGGER outbound_message_changed",
  "TRIGGER outbound_run_started",
  "TRIGGER outbound_run_changed",
  "TABLE outbound_taken",
  "TABLE outbound_events",
  "TABLE outbound_watch",
];

/** The log of events for webhooks, in a SQLite store's file. Only the local API opens it. */
export class SqliteOutboundLog implements OutboundLog {
  constructor(private readonly db: Connection) {}

  private get exists(): boolean {
    return this.db.get("SELECT 1 FROM sqlite_schema WHERE name = 'outbound_watch'") !== undefined;
  }

  async acquire(owner: string, leaseMs: number): Promise<boolean> {
    const { db } = this;
    return db.write(() => {
      const isNew = !this.exists;
      // A new log, or another owner, maybe of another version of knock: the SQL triggers are created again.
      if (isNew || this.readLeaseOwner() !== owner) {
        if (!isNew && this.isLeasedByAnother(owner)) return false;
        for (const statement of splitStatements(WATCH_SCRIPT)) db.run(statement);
      }
      db.run(
        `INSERT INTO outbound_watch (row, claim_token, claim_until, keep_until) VALUES (1, ?, ?, ${SQL_NOW} + ?) ON CONFLICT (row) DO UPDATE SET claim_token = excluded.claim_token, claim_until = excluded.claim_until, keep_until = excluded.keep_until`,
        owner,
        db.realNow() + leaseMs,
        MAX_AGE_MS,
      );
      db.run("DELETE FROM outbound_events WHERE row <= (SELECT MAX(row) FROM outbound_events) - ?", MAX_ENTRIES);
      db.run("DELETE FROM outbound_taken WHERE event < (SELECT MIN(row) FROM outbound_events)");
      return true;
    });
  }

  private readLeaseOwner(): string | null {
    return this.db.get<{ claim_token: string | null }>("SELECT claim_token FROM outbound_watch")?.claim_token ?? null;
  }

  /** Returns whether another process, which has not ended, holds the lease. */
  private isLeasedByAnother(owner: string): boolean {
    const select =
      "SELECT claim_token FROM outbound_watch WHERE claim_token IS NOT NULL AND claim_token <> ? AND claim_until > ?";
    const claim = this.db.get<{ claim_token: string }>(select, owner, this.db.realNow());
    return claim !== undefined && !hasTokenOwnerEnded(claim.claim_token);
  }

  async release(owner: string): Promise<void> {
    this.db.write(() => {
      if (this.exists) this.db.run("UPDATE outbound_watch SET claim_token = NULL WHERE claim_token = ?", owner);
    });
  }

  async stopRecording(owner: string): Promise<void> {
    if (!this.exists) return;
    this.db.write(() => {
      if (!this.exists || this.isLeasedByAnother(owner)) return;
      for (const part of SCHEMA_OBJECTS) {
        const [kind = "", name = ""] = part.split(" ");
        this.db.run(`DROP ${kind} IF EXISTS ${name}`);
      }
    });
  }

  async clear(): Promise<void> {
    if (!this.exists) return;
    this.db.write(() => {
      this.db.run("DELETE FROM outbound_events");
      this.db.run("DELETE FROM outbound_taken");
    });
  }

  async readEntries(after: number, limit: number): Promise<OutboundEntry[]> {
    const rows = this.db.all<OutboundEventRow>(
      "SELECT * FROM outbound_events WHERE row > ? ORDER BY row LIMIT ?",
      after,
      limit,
    );
    return rows.map(toOutboundEntry);
  }

  async record(type: string, at: number, document: JsonObject): Promise<void> {
    this.db.write(() =>
      this.db.run("INSERT INTO outbound_events (type, at, document) VALUES (?, ?, ?)", type, at, stringify(document)),
    );
  }

  async deleteEntries(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const list = stringify(ids);
    this.db.write(() => {
      this.db.run("DELETE FROM outbound_events WHERE row IN (SELECT value FROM json_each(?))", list);
      this.db.run("DELETE FROM outbound_taken WHERE event IN (SELECT value FROM json_each(?))", list);
    });
  }

  async acknowledge(taken: readonly AcknowledgedEntry[]): Promise<void> {
    this.db.write(() => {
      for (const { entry, webhook } of taken)
        this.db.run("INSERT OR IGNORE INTO outbound_taken (event, webhook) VALUES (?, ?)", entry, webhook);
    });
  }

  async acknowledgeAll(webhook: string): Promise<number> {
    return this.db.write(() => {
      this.db.run("INSERT OR IGNORE INTO outbound_taken (event, webhook) SELECT row, ? FROM outbound_events", webhook);
      return this.db.get<{ newest: number | null }>("SELECT MAX(row) AS newest FROM outbound_events")?.newest ?? 0;
    });
  }

  async listAcknowledged(): Promise<AcknowledgedEntry[]> {
    return this.db.all<{ entry: number; webhook: string }>("SELECT event AS entry, webhook FROM outbound_taken");
  }
}

/** Returns the statements of a script, because only one can be prepared at a time. Semicolons in a trigger do not end one. */
function splitStatements(script: string): string[] {
  return script.split(/;\n {2}(?=CREATE|DROP)/).map((statement) => statement.trim());
}
