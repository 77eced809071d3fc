import {
  type ActionOutcome,
  type EarlierSourceEvent,
  isReplay,
  type NewSourceEvent,
  SOURCE_KEY_LIFETIME_MS,
  SOURCE_LEASE_MS,
  type SourceReceipt,
} from "../../../domain/trigger/source-receipt.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { SourceLog } from "../../../ports/source-service.js";
import { stringify } from "../../rows/json-column.js";
import { SOURCE_EVENT_BYTES, type SourceEventRow, toSourceReceipt } from "../../rows/log-rows.js";
import type { Connection } from "../connection/connection.js";
import { readPage } from "../connection/read-page.js";
import { SqlFilters } from "../connection/sql-filters.js";

/** Maximum number of events that are kept, of all sources together. The oldest are deleted first. */
const MAX_EVENTS = 10_000;

/** The class of the advisory locks on the keys of events, so that two events with one key are logged one after another. */
const LOCK_CLASS = 7_207;

const SELECT_EARLIER = `
  SELECT state, at, claim_until FROM source_events
  WHERE source = $1 AND event_type IS NOT DISTINCT FROM $2 AND key = $3 AND at > $4 AND state IN ('done', 'processing')`;

const INSERT = `
  INSERT INTO source_events (id, source, event_type, key, state, at, claim_until, event, actions)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '[]') RETURNING row`;

/** The log of events from sources, in a PostgreSQL store. */
export class PostgresSourceLog implements SourceLog {
  constructor(private readonly db: Connection) {}

  begin(event: NewSourceEvent, now: number): Promise<boolean> {
    return this.db.write(async (tx) => {
      const { source, event_type, idempotency_key: key } = event;
      let earlierEvents: EarlierSourceEvent[] = [];
      if (key !== null) {
        await tx.all(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, hashtext($1))`, key);
        // Failed events and replays do not occupy a key, and one key may have many of them.
        earlierEvents = await tx.all(SELECT_EARLIER, source, event_type, key, now - SOURCE_KEY_LIFETIME_MS);
      }
      const realNow = await tx.now();
      const isKeyTaken = earlierEvents.some((earlier) => isReplay(earlier, now, realNow));
      const state = isKeyTaken ? "replay" : "processing";
      const claimUntil = realNow + SOURCE_LEASE_MS;
      const text = stringify(event);
      const values = [event.id, source, event_type, key, state, now, claimUntil, text];
      const inserted = await tx.get<{ row: number }>(INSERT, ...values);
      await tx.run("DELETE FROM source_events WHERE row <= $1", (inserted?.row ?? 0) - MAX_EVENTS);
      return !isKeyTaken;
    });
  }

  async finish(id: string, actions: readonly ActionOutcome[], isSuccess: boolean): Promise<void> {
    const values = [isSuccess ? "done" : "failed", stringify(actions), id];
    await this.db.write((tx) => tx.run("UPDATE source_events SET state = $1, actions = $2 WHERE id = $3", ...values));
  }

  async list(source: string | null, page: PageRequest): Promise<Paged<SourceReceipt>> {
    const filters = new SqlFilters().add("source = ?", source ?? undefined);
    const columns = "row, state, event, actions";
    const query = {
      kind: "events",
      columns,
      from: "FROM source_events",
      bytes: SOURCE_EVENT_BYTES,
      key: "row",
      filters,
    } as const;
    const { rows, page_info } = await this.db.readList((tx) => readPage<SourceEventRow>(tx, query, page));
    return { items: rows.map(toSourceReceipt), page_info };
  }

  async clear(): Promise<void> {
    await this.db.write((tx) => tx.run("DELETE FROM source_events"));
  }
}
