import type { IdKind } from "../../../ports/filters.js";
import type { Connection } from "../connection/connection.js";
import { RUN_BLOCKS } from "./run-rows.js";

/** Condition for a range of the index of ids: every character that can follow a prefix is less than a tilde. */
const PREFIX_RANGE = "id >= ?1 AND id < ?1 || '~'";

const SELECT_BY_KIND: Record<IdKind, string> = {
  workflow_run: `SELECT id FROM workflow_runs WHERE ${PREFIX_RANGE} AND guide = 0`,
  message: `SELECT id FROM messages WHERE ${PREFIX_RANGE}`,
  schedule: `SELECT id FROM schedules WHERE ${PREFIX_RANGE}`,
  recipient_run:
    `${RUN_BLOCKS} SELECT q.id FROM block CROSS JOIN recipient_runs q JOIN workflow_runs w ON w.row = q.workflow_run ` +
    `WHERE q.row >> 11 = block.number AND substr(q.id, 1, 6) = substr(?1, 1, 6) AND ${PREFIX_RANGE.replaceAll("id ", "q.id ")} AND w.guide = 0`,
};

/** Returns up to `limit` ids that start with a prefix, in order. */
export function listIdsByPrefix(db: Connection, kind: IdKind, prefix: string, limit: number): string[] {
  return db.all<{ id: string }>(`${SELECT_BY_KIND[kind]} ORDER BY 1 LIMIT ?2`, prefix, limit).map(({ id }) => id);
}
