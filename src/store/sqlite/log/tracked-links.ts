import type { TrackedLink, TrackedLinks } from "../../../ports/tracked-links.js";
import { BASE62 } from "../../../util/ids.js";
import type { Connection } from "../connection/connection.js";

interface Row {
  message_id: string;
  links: string;
}

const COLUMNS = "SELECT id AS message_id, links FROM messages";

function linkAt(row: Row | undefined, place: number): TrackedLink | null {
  const url = row === undefined ? undefined : (JSON.parse(row.links) as string[])[place];
  return row === undefined || url === undefined ? null : { message_id: row.message_id, url };
}

/** Links of tracked messages, in a SQLite store's file. Only the local API opens them. */
export class SqliteTrackedLinks implements TrackedLinks {
  constructor(private readonly db: Connection) {}

  async byNumber(message: string, place: number): Promise<TrackedLink | null> {
    return linkAt(this.db.get<Row>(`${COLUMNS} WHERE id = ? AND links IS NOT NULL`, message), place);
  }

  async byKey(key: string): Promise<TrackedLink | null> {
    return linkAt(
      this.db.get<Row>(`${COLUMNS} WHERE substr(id, -9) = ? AND links IS NOT NULL`, key.slice(0, -1)),
      BASE62.indexOf(key.slice(-1)),
    );
  }
}
