import type { BroadcastState } from "../../../domain/audience/broadcast.js";
import type { PendingTrigger } from "../../../domain/run/batch-continuations.js";
import type { BroadcastLog } from "../../../ports/broadcast-service.js";
import { type BroadcastRow, canSendBroadcast, toBroadcastStates } from "../../rows/log-rows.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { insertTriggers } from "../work/insert-workflow-run.js";

/** Conditions for the runs of broadcasts, and for those still to be sent, which contain their target. */
const IS_BROADCAST = "json_extract(trigger_source, '$.type') = 'broadcast'";
const IS_PENDING = "json_extract(fan_out, '$.target') IS NOT NULL";

const SELECT_STATES = `
  SELECT workflow,
    MIN(CASE WHEN ${IS_PENDING} THEN inserted_at END) AS scheduled,
    MAX(CASE WHEN ${IS_PENDING} THEN NULL ELSE inserted_at END) AS sent
  FROM workflow_runs WHERE ${IS_BROADCAST}`;

/** The broadcast log in a SQLite store's file. */
export class SqliteBroadcastLog implements BroadcastLog {
  constructor(
    private readonly db: Connection,
    private readonly shared: SharedRows,
  ) {}

  async readStates(): Promise<Map<string, BroadcastState>> {
    const rows = this.db.all<BroadcastRow>(`${SELECT_STATES} GROUP BY workflow`);
    return toBroadcastStates(rows);
  }

  async insert(pending: PendingTrigger, { again }: { again: boolean }): Promise<boolean> {
    const { db, shared } = this;
    return db.write(() => {
      const row = db.get<BroadcastRow>(`${SELECT_STATES} AND workflow = ? GROUP BY workflow`, pending.run.workflow);
      if (!canSendBroadcast(row, again)) return false;
      insertTriggers(db, shared, [pending]);
      return true;
    });
  }

  async cancel(key: string): Promise<boolean> {
    return this.db.write(
      () =>
        this.db.run(
          `DELETE FROM workflow_runs WHERE workflow = ? AND ${IS_BROADCAST} AND ${IS_PENDING} AND (claim_until IS NULL OR claim_until <= ?)`,
          key,
          this.db.realNow(),
        ) > 0,
    );
  }

  async listSiblingRuns(id: string): Promise<{ id: string; tenant: string | null }[]> {
    return this.db.all<{ id: string; tenant: string | null }>(
      `SELECT id, tenant FROM workflow_runs WHERE ${IS_BROADCAST} AND (id = ? OR json_extract(trigger_source, '$.of') = ?) ORDER BY row`,
      id,
      id,
    );
  }
}
