import { type Recipient, USERS } from "../../../domain/recipient/recipient.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { RecipientFilter } from "../../../ports/recipient-store.js";
import { type RecipientRow, toRecipient } from "../../rows/recipient-row.js";
import { RECIPIENT_BYTES } from "../../rows/row-bytes.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";

/** The collection in a key. The indexes of the table have the same text. */
const COLLECTION = "substr(key, 1, instr(key, '/') - 1)";

/** Returns one page of a collection's recipients; with null, those of all collections except users. */
export function listRecipients(
  db: Connection,
  { collection, id, name }: RecipientFilter,
  page: PageRequest,
): Paged<Recipient> {
  const filters = new SqlFilters()
    .add(`${COLLECTION} = ?`, collection ?? undefined)
    .add("r.key = ?", id === undefined ? undefined : `${collection}/${id}`)
    .add("json_extract(r.properties, '$.name') = ?", name);
  if (collection === null) filters.conditions.push(`${COLLECTION} <> '${USERS}'`);
  return db.read(() => {
    const { rows, page_info } = readPage<RecipientRow & { row: number }>(
      db,
      {
        kind: "recipients",
        columns: "r.row, r.key, r.properties, r.preferences, r.channel_data, r.inserted_at, r.updated_at",
        from: "FROM recipients r",
        bytes: RECIPIENT_BYTES,
        key: "r.row",
        filters,
      },
      page,
    );
    return { items: rows.map(toRecipient), page_info };
  });
}
