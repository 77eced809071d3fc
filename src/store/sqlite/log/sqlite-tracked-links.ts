import type { TrackedLink, TrackedLinks } from "../../../ports/tracked-links.js";
import { BASE62 } from "../../../util/ids.js";
import { findLink, type LinksRow } from "../../rows/links-row.js";
import type { Connection } from "../connection/connection.js";

const SELECT_LINKS = "SELECT id AS message_id, links FROM messages";

/** The links of tracked messages, in a SQLite store's file. Only the local API opens them. */
export class SqliteTrackedLinks implements TrackedLinks {
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
