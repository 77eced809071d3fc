import type { StoreLogs } from "../../../ports/store-logs.js";
import { createTrackedLinks, type LinksRow } from "../../rows/log-rows.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { SqliteBroadcastLog } from "./sqlite-broadcast-log.js";
import { SqliteOutboundLog } from "./sqlite-outbound-log.js";
import { SqliteSourceLog } from "./sqlite-source-log.js";

const buildSelectLinks = (column: string): string =>
  `SELECT id AS message_id, inserted_at, links FROM messages WHERE ${column} = ? AND links IS NOT NULL`;

/** Returns the logs in a SQLite store's file. This module is loaded when they are opened, because most starts open none. */
export function createSqliteLogs(db: Connection, shared: SharedRows): StoreLogs {
  return {
    broadcasts: new SqliteBroadcastLog(db, shared),
    sources: new SqliteSourceLog(db),
    outbound: new SqliteOutboundLog(db),
    links: createTrackedLinks("substr(id, -9)", async (column, value) =>
      db.get<LinksRow>(buildSelectLinks(column), value),
    ),
  };
}
