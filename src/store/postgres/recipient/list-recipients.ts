import { type Recipient, USERS } from "../../../domain/recipient/recipient.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import type { RecipientFilter } from "../../../ports/recipient-store.js";
import { type RecipientRow, toRecipient } from "../../rows/recipient-row.js";
import { RECIPIENT_BYTES } from "../../rows/row-bytes.js";
import { readPage } from "../connection/read-page.js";
import { SqlFilters } from "../connection/sql-filters.js";
import type { Reader } from "../connection/transaction.js";
import { RECIPIENT_COLUMNS } from "./recipients.js";

/** Returns one page of a collection's recipients; with null, those of all collections except users. */
export async function listRecipients(
  tx: Reader,
  { collection, id, name }: RecipientFilter,
  page: PageRequest,
): Promise<Paged<Recipient>> {
  const filters = new SqlFilters()
    .add("split_part(r.key, '/', 1) = ?", collection ?? undefined)
    .add("r.key = ?", id === undefined ? undefined : `${collection}/${id}`)
    .addPairs("r.properties", name === undefined ? undefined : { name });
  if (collection === null) filters.conditions.push(`split_part(r.key, '/', 1) <> '${USERS}'`);
  const { rows, page_info } = await readPage<RecipientRow & { row: number }>(
    tx,
    {
      kind: "recipients",
      columns: `r.row, ${RECIPIENT_COLUMNS}`,
      from: "FROM recipients r",
      bytes: RECIPIENT_BYTES,
      key: "r.row",
      filters,
    },
    page,
  );
  return { items: rows.map(toRecipient), page_info };
}
