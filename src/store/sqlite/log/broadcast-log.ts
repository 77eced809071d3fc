import { type BroadcastState, broadcastState, maySend } from "../../../domain/audience/broadcast.js";
import type { PendingTrigger } from "../../../domain/run/batch.js";
import type { BroadcastLog } from "../../../ports/broadcasts.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { insertTriggers } from "../work/insert-workflow-run.js";

/** Runs of broadcasts; what waits to be sent still has whom it is for. */
const OF_BROADCASTS = "json_extract(trigger_source, '$.type') = 'broadcast'";
const PENDING = "json_extract(fan_out, '$.target') IS NOT NULL";

interface StateRow {
  workflow: string;
  scheduled: number | null;
  sent: number | null;
}

const STATES = `
  SELECT workflow,
    MIN(CASE WHEN ${PENDING} THEN inserted_at END) AS scheduled,
    MAX(CASE WHEN ${PENDING} THEN NULL ELSE inserted_at END) AS sent
  FROM workflow_runs WHERE ${OF_BROADCASTS}`;

/** Broadcasts in a SQLite store's file. */
export class SqliteBroadcastLog implements BroadcastLog {
  constructor(
    private readonly db: Connection,
    private readonly shared: SharedRows,
  ) {}

  async states(): Promise<Map<string, BroadcastState>> {
    const rows = this.db.all<StateRow>(`${STATES} GROUP BY workflow`);
    return new Map(rows.map((row) => [row.workflow, broadcastState(row)]));
  }

  async insert(pending: PendingTrigger, { again }: { again: boolean }): Promise<boolean> {
    const { db, shared } = this;
    return db.write(() => {
      const row = db.get<StateRow>(`${STATES} AND workflow = ? GROUP BY workflow`, pending.run.workflow);
      if (!maySend(row === undefined ? null : broadcastState(row), again)) return false;
      insertTriggers(db, shared, [pending]);
      return true;
    });
  }

  async cancel(key: string, realNow: number): Promise<boolean> {
    return this.db.write(
      () =>
        this.db.run(
          `DELETE FROM workflow_runs WHERE workflow = ? AND ${OF_BROADCASTS} AND ${PENDING} AND (claim_until IS NULL OR claim_until <= ?)`,
          key,
          realNow,
        ) > 0,
    );
  }

  async siblings(id: string): Promise<{ id: string; tenant: string | null }[]> {
    return this.db.all<{ id: string; tenant: string | null }>(
      `SELECT id, tenant FROM workflow_runs WHERE ${OF_BROADCASTS} AND (id = ? OR json_extract(trigger_source, '$.of') = ?) ORDER BY row`,
      id,
      id,
    );
  }
}
