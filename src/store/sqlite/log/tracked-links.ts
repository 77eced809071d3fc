import type { Store } from "../../../ports/store.js";
import type { TrackedLink, TrackedLinks } from "../../../ports/tracked-links.js";
import { BASE62 } from "../../../util/ids.js";
import { SqliteStore } from "../sqlite-store.js";

interface Row {
  message_id: string;
  links: string;
}

const COLUMNS = "SELECT id AS message_id, links FROM messages";

function linkAt(row: Row | undefined, place: number): TrackedLink | null {
  const url = row === undefined ? undefined : (JSON.parse(row.links) as string[])[place];
  return row === undefined || url === undefined ? null : { message_id: row.message_id, url };
}

/** Links kept in an embedded store's file. Only the local API opens it. */
export function trackedLinksOf(store: Store): TrackedLinks {
  if (!(store instanceof SqliteStore)) throw new Error("the store keeps no links");
  const { db } = store;
  return {
    byNumber: async (message, place) =>
      linkAt(db.get<Row>(`${COLUMNS} WHERE id = ? AND links IS NOT NULL`, message), place),
    byKey: async (key) =>
      linkAt(
        db.get<Row>(`${COLUMNS} WHERE substr(id, -9) = ? AND links IS NOT NULL`, key.slice(0, -1)),
        BASE62.indexOf(key.slice(-1)),
      ),
  };
}
