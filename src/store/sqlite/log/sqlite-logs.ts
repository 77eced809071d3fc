import type { StoreLogs } from "../../../ports/store-logs.js";
import type { TrackedLink, TrackedLinks } from "../../../ports/tracked-links.js";
import { BASE62 } from "../../../util/ids.js";
import { findLink, type LinksRow } from "../../rows/log-rows.js";
import type { Connection } from "../connection/connection.js";
import type { SharedRows } from "../run/shared-rows.js";
import { SqliteBroadcastLog } from "./sqlite-broadcast-log.js";
import { SqliteOutboundLog } from "./sqlite-outbound-log.js";
import { SqliteSourceLog } from "./sqlite-source-log.js";

const SELECT_LINKS = "SELECT id AS message_id, links FROM messages";

/** The links of tracked messages, in a SQLite store's file. Only the local API opens them. */
class SqliteTrackedLinks implements TrackedLinks {
  constructor(private readonly db: Connection) {}

  async findByNumber(message: string, linkNumber: number): Promise<TrackedLink | null> {
    return findLink(this.db.get<LinksRow>(`${SELECT_LINKS} WHERE id = ? AND links IS NOT NULL`, message), linkNumber);
  }

  async findByKey(key: string): Promise<TrackedLink | null> {
    return findLink(
      this.db.get<LinksRow>(`${SELECT_LINKS} WHERE substr(id, -9) = ? AND links IS NOT NULL`, key.slice(0, -1)),
      BASE62.indexOf(key.slice(-1)),
    );
  }
}

/** Returns the logs in a SQLite store's file. This module is loaded when they are opened, because most starts open none. */
export function createSqliteLogs(db: Connection, shared: SharedRows): StoreLogs {
  return {
    broadcasts: new SqliteBroadcastLog(db, shared),
    sources: new SqliteSourceLog(db),
    outbound: new SqliteOutboundLog(db),
    links: new SqliteTrackedLinks(db),
  };
}
