import type { StoreLogs } from "../../../ports/store-logs.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { SqliteBroadcastLog } from "./sqlite-broadcast-log.js";
import { SqliteOutboundLog } from "./sqlite-outbound-log.js";
import { SqliteSourceLog } from "./sqlite-source-log.js";
import { SqliteTrackedLinks } from "./sqlite-tracked-links.js";

/** Returns the logs in a SQLite store's file. This module is loaded when they are opened, because most starts open none. */
export function createSqliteLogs(db: Connection, shared: SharedRows): StoreLogs {
  return {
    broadcasts: new SqliteBroadcastLog(db, shared),
    sources: new SqliteSourceLog(db),
    outbound: new SqliteOutboundLog(db),
    links: new SqliteTrackedLinks(db),
  };
}
