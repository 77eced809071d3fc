import type { BroadcastState } from "../../../domain/audience/broadcast.js";
import type { PendingTrigger } from "../../../domain/run/batch-continuations.js";
import type { BroadcastLog } from "../../../ports/broadcast-service.js";
import { type BroadcastRow, canSendBroadcast, toBroadcastStates } from "../../rows/log-rows.js";
import type { Connection } from "../connection/connection.js";
import { buildJson } from "../connection/sql-filters.js";
import { shareCancellationKeys } from "../run/cancel-runs.js";
import type { SharedRows } from "../run/shared-rows.js";
import { insertTriggers } from "../work/insert-triggers.js";

/** Condition for the runs of broadcasts. The index of these runs has the same one. */
const IS_BROADCAST = `trigger_source LIKE '{"type":"broadcast"%'`;
/** Condition for the broadcasts still to be sent, which contain their target. */
const IS_PENDING = `(${buildJson("fan_out")} ->> 'target') IS NOT NULL`;

/** The class of the advisory locks on broadcasts, each of which one process at a time sends or schedules. */
const LOCK_CLASS = 7_208;

const SELECT_STATES = `
  SELECT workflow,
    min(CASE WHEN ${IS_PENDING} THEN inserted_at END) AS scheduled,
    max(CASE WHEN ${IS_PENDING} THEN NULL ELSE inserted_at END) AS sent
  FROM workflow_runs WHERE ${IS_BROADCAST}`;

/** The broadcast log in a PostgreSQL store. */
export class PostgresBroadcastLog implements BroadcastLog {
  constructor(
    private readonly db: Connection,
    private readonly shared: SharedRows,
  ) {}

  async readStates(): Promise<Map<string, BroadcastState>> {
    const rows = await this.db.all<BroadcastRow>(`${SELECT_STATES} GROUP BY workflow`);
    return toBroadcastStates(rows);
  }

  async insert(pending: PendingTrigger, { again }: { again: boolean }): Promise<boolean> {
    const { workflow } = pending.run;
    await this.shared.insert(this.db, { versions: [pending.version] });
    return this.db.write(async (tx) => {
      await tx.all(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, hashtext($1))`, workflow);
      const row = await tx.get<BroadcastRow>(`${SELECT_STATES} AND workflow = $1 GROUP BY workflow`, workflow);
      if (!canSendBroadcast(row, again)) return false;
      await shareCancellationKeys(tx, [pending.run]);
      await insertTriggers(tx, this.shared, [pending]);
      return true;
    });
  }

  cancel(key: string): Promise<boolean> {
    return this.db.write(async (tx) => {
      const isFree = `(claim_until IS NULL OR claim_until <= ${tx.time})`;
      const where = `workflow = $1 AND ${IS_BROADCAST} AND ${IS_PENDING} AND ${isFree}`;
      return (await tx.run(`DELETE FROM workflow_runs WHERE ${where}`, key)) > 0;
    });
  }

  listSiblingRuns(id: string): Promise<{ id: string; tenant: string | null }[]> {
    return this.db.all<{ id: string; tenant: string | null }>(
      `SELECT id, tenant FROM workflow_runs WHERE ${IS_BROADCAST} AND (id = $1 OR ${buildJson("trigger_source")} ->> 'of' = $1) ORDER BY row`,
      id,
    );
  }
}
