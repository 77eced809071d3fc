import type { AcknowledgedEntry, OutboundEntry, OutboundLog } from "../../../ports/outbound-log.js";
import type { JsonObject } from "../../../util/json.js";
import { stringify } from "../../rows/json-column.js";
import { type OutboundEventRow, toOutboundEntry } from "../../rows/log-rows.js";
import type { Connection } from "../connection/connection.js";
import type { Transaction } from "../connection/transaction.js";

/** How long events are kept while no one reads them. */
const MAX_AGE_MS = 24 * 3_600_000;
/** Maximum number of events that are kept. The oldest are deleted first. */
const MAX_ENTRIES = 100_000;

/** Returns the statement that takes or renews the watch, unless another process has it. */
const buildAcquire = (now: string): string => `
  INSERT INTO outbound_watch AS w (row, claim_token, claim_until, keep_until) VALUES (1, $1, ${now} + $2, ${now} + ${MAX_AGE_MS})
  ON CONFLICT (row) DO UPDATE SET claim_token = excluded.claim_token, claim_until = excluded.claim_until, keep_until = excluded.keep_until
  WHERE w.claim_token IS NULL OR w.claim_token = $1 OR w.claim_until <= ${now}`;

/**
 * Gives the entries that were committed since the last read their positions. Rows are numbered before they are committed, so
 * a reader that continued from the newest row would skip those that are committed late. Only the process that has the watch
 * reads.
 */
const ASSIGN_POSITIONS = `
  UPDATE outbound_events e SET position = c.position FROM (
    SELECT row, nextval('outbound_positions') AS position
    FROM (SELECT row FROM outbound_events WHERE position IS NULL ORDER BY row FOR UPDATE) unread) c
  WHERE e.row = c.row`;

const DELETE_OLDEST = "DELETE FROM outbound_events WHERE row <= (SELECT max(row) FROM outbound_events) - $1::bigint";

const DELETE_ACKNOWLEDGMENTS =
  "DELETE FROM outbound_taken t WHERE NOT EXISTS (SELECT 1 FROM outbound_events e WHERE e.position = t.event)";

const ACKNOWLEDGE = `
  INSERT INTO outbound_taken (event, webhook) SELECT c.entry, c.webhook
  FROM json_to_recordset($1::json) AS c (entry bigint, webhook text) ORDER BY 1, 2 ON CONFLICT DO NOTHING`;

const ACKNOWLEDGE_ALL = `
  INSERT INTO outbound_taken (event, webhook) SELECT position, $1 FROM outbound_events WHERE position IS NOT NULL
  ORDER BY 1 ON CONFLICT DO NOTHING`;

/** The log of events for webhooks, in a PostgreSQL store. Entries are identified by their positions. */
export class PostgresOutboundLog implements OutboundLog {
  constructor(private readonly db: Connection) {}

  acquire(owner: string, leaseMs: number): Promise<boolean> {
    return this.db.write(async (tx) => {
      if ((await tx.run(buildAcquire(tx.time), owner, leaseMs)) === 0) return false;
      await tx.run(DELETE_OLDEST, MAX_ENTRIES);
      await tx.run(DELETE_ACKNOWLEDGMENTS);
      return true;
    });
  }

  async release(owner: string): Promise<void> {
    await this.db.write((tx) => tx.run("UPDATE outbound_watch SET claim_token = NULL WHERE claim_token = $1", owner));
  }

  async stopRecording(owner: string): Promise<void> {
    await this.db.write(async (tx) => {
      const isFree = `claim_token IS NULL OR claim_token = $1 OR claim_until <= ${tx.time}`;
      if ((await tx.run(`DELETE FROM outbound_watch WHERE ${isFree}`, owner)) > 0) await deleteAllEntries(tx);
    });
  }

  async clear(): Promise<void> {
    await this.db.write(deleteAllEntries);
  }

  async readEntries(after: number, limit: number): Promise<OutboundEntry[]> {
    await this.assignPositions();
    const rows = await this.db.all<OutboundEventRow>(
      "SELECT position AS row, message, recipient_run, first, last, type, at, document FROM outbound_events WHERE position > $1 ORDER BY position LIMIT $2",
      after,
      limit,
    );
    return rows.map(toOutboundEntry);
  }

  private async assignPositions(): Promise<void> {
    const unread = await this.db.get("SELECT 1 FROM outbound_events WHERE position IS NULL LIMIT 1");
    if (unread !== undefined && !this.db.isReadOnly) await this.db.write((tx) => tx.run(ASSIGN_POSITIONS));
  }

  async record(type: string, at: number, document: JsonObject): Promise<void> {
    const values = [type, at, stringify(document)];
    await this.db.write((tx) =>
      tx.run("INSERT INTO outbound_events (type, at, document) VALUES ($1, $2, $3)", ...values),
    );
  }

  async deleteEntries(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    await this.db.write(async (tx) => {
      await tx.run("DELETE FROM outbound_events WHERE position = ANY($1)", ids);
      await tx.run("DELETE FROM outbound_taken WHERE event = ANY($1)", ids);
    });
  }

  async acknowledge(taken: readonly AcknowledgedEntry[]): Promise<void> {
    await this.db.write((tx) => tx.run(ACKNOWLEDGE, stringify(taken)));
  }

  async acknowledgeAll(webhook: string): Promise<number> {
    await this.assignPositions();
    return this.db.write(async (tx) => {
      await tx.run(ACKNOWLEDGE_ALL, webhook);
      const found = await tx.get<{ newest: number | null }>("SELECT max(position) AS newest FROM outbound_events");
      return found?.newest ?? 0;
    });
  }

  listAcknowledged(): Promise<AcknowledgedEntry[]> {
    return this.db.all<AcknowledgedEntry>("SELECT event AS entry, webhook FROM outbound_taken");
  }
}

async function deleteAllEntries(tx: Transaction): Promise<void> {
  await tx.run("DELETE FROM outbound_events");
  await tx.run("DELETE FROM outbound_taken");
}
