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
import { readPage, SqlFilters } from "../connection/read-page.js";

/** Maximum number of events that are kept, of all sources together. The oldest are deleted first. */
const MAX_EVENTS = 10_000;

/** Created with the first event, so that a store without sources has no such table. */
export const CREATE_SOURCE_EVENTS = `
  CREATE TABLE IF NOT EXISTS source_events (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    event_type TEXT,
    key TEXT,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    claim_until INTEGER NOT NULL,
    event TEXT NOT NULL,
    actions TEXT NOT NULL
  )`;
export const INDEX_SOURCE_EVENTS = `
  CREATE INDEX IF NOT EXISTS source_events_by_key ON source_events (source, event_type, key)
    WHERE key IS NOT NULL`;

/** The log of events from sources, in a SQLite store's file. */
export class SqliteSourceLog implements SourceLog {
  constructor(private readonly db: Connection) {}

  private get exists(): boolean {
    return this.db.get("SELECT 1 FROM sqlite_schema WHERE name = 'source_events'") !== undefined;
  }

  async begin(event: NewSourceEvent, now: number): Promise<boolean> {
    const { db } = this;
    const realNow = db.realNow();
    return db.write(() => {
      db.run(CREATE_SOURCE_EVENTS);
      db.run(INDEX_SOURCE_EVENTS);
      const { source, event_type, idempotency_key: key } = event;
      // Failed events and replays do not occupy a key, and one key may have many of them.
      const earlierEvents =
        key === null
          ? []
          : db.all<EarlierSourceEvent>(
              "SELECT state, at, claim_until FROM source_events WHERE source = ? AND event_type IS ? AND key = ? AND at > ? AND state IN ('done', 'processing')",
              source,
              event_type,
              key,
              now - SOURCE_KEY_LIFETIME_MS,
            );
      const isKeyTaken = earlierEvents.some((earlier) => isReplay(earlier, now, realNow));
      const row = db.insert(
        "INSERT INTO source_events (id, source, event_type, key, state, at, claim_until, event, actions) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '[]')",
        event.id,
        source,
        event_type,
        key,
        isKeyTaken ? "replay" : "processing",
        now,
        realNow + SOURCE_LEASE_MS,
        stringify(event),
      );
      db.run("DELETE FROM source_events WHERE row <= ?", row - MAX_EVENTS);
      return !isKeyTaken;
    });
  }

  async finish(id: string, actions: readonly ActionOutcome[], isSuccess: boolean): Promise<void> {
    this.db.write(() =>
      this.db.run(
        "UPDATE source_events SET state = ?, actions = ? WHERE id = ?",
        isSuccess ? "done" : "failed",
        stringify(actions),
        id,
      ),
    );
  }

  async list(source: string | null, page: PageRequest): Promise<Paged<SourceReceipt>> {
    if (!this.exists) return { items: [], page_info: { after: null, before: null, page_size: page.limit } };
    const from = "FROM source_events";
    const filters = new SqlFilters().add("source = ?", source ?? undefined);
    const columns = "row, state, event, actions";
    const query = { kind: "events", columns, from, bytes: SOURCE_EVENT_BYTES, key: "row", filters } as const;
    const { rows, page_info } = this.db.read(() => readPage<SourceEventRow>(this.db, query, page));
    return { items: rows.map(toSourceReceipt), page_info };
  }

  async clear(): Promise<void> {
    if (this.exists) this.db.write(() => this.db.run("DELETE FROM source_events"));
  }
}
