import type { TrackedLink, TrackedLinks } from "../../../ports/tracked-links.js";
import { BASE62 } from "../../../util/ids.js";
import { findLink, type LinksRow } from "../../rows/log-rows.js";
import type { Connection } from "../connection/connection.js";

const SELECT_LINKS = "SELECT id AS message_id, links FROM messages";

/** The links of tracked messages, in a PostgreSQL store. */
export class PostgresTrackedLinks implements TrackedLinks {
  constructor(private readonly db: Connection) {}

  async findByNumber(message: string, linkNumber: number): Promise<TrackedLink | null> {
    const found = await this.db.get<LinksRow>(`${SELECT_LINKS} WHERE id = $1 AND links IS NOT NULL LIMIT 1`, message);
    return findLink(found, linkNumber);
  }

  async findByKey(key: string): Promise<TrackedLink | null> {
    const found = await this.db.get<LinksRow>(
      `${SELECT_LINKS} WHERE "right"(id, 9) = $1 AND links IS NOT NULL LIMIT 1`,
      key.slice(0, -1),
    );
    return findLink(found, BASE62.indexOf(key.slice(-1)));
  }
}
