import type { StoreLogs } from "../../../ports/store-logs.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { PostgresBroadcastLog } from "./postgres-broadcast-log.js";
import { PostgresOutboundLog } from "./postgres-outbound-log.js";
import { PostgresSourceLog } from "./postgres-source-log.js";
import { PostgresTrackedLinks } from "./postgres-tracked-links.js";

/** Returns the logs in a PostgreSQL store. */
export function createPostgresLogs(db: Connection, shared: SharedRows): StoreLogs {
  return {
    broadcasts: new PostgresBroadcastLog(db, shared),
    sources: new PostgresSourceLog(db),
    outbound: new PostgresOutboundLog(db),
    links: new PostgresTrackedLinks(db),
  };
}
