import type { AudienceMember, AudienceMembership } from "../../../domain/audience/audience.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { AddedMembers } from "../../../ports/audience-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { RECIPIENT_BYTES, RECIPIENT_COLUMNS, type RecipientRow, toRecipient } from "../../rows/recipient-row.js";
import { readPage } from "../connection/read-page.js";
import { SqlFilters } from "../connection/sql-filters.js";
import type { Reader, Transaction } from "../connection/transaction.js";
import { insertMembers } from "./audience-members.js";
import { insertUserChanges } from "./recipients.js";

/** Adds members and returns the new ones, whose joining may start audience runs (E-388). */
export async function addAudienceMembers(
  tx: Transaction,
  audience: string,
  members: readonly AudienceMembership[],
  at: number,
): Promise<AddedMembers> {
  const joined = await insertMembers(tx, audience, members, at);
  const changes = joined.map(({ recipient, tenant }) => ({ user: recipient, audience, tenant, depth: 0 }));
  await insertUserChanges(tx, changes, at);
  return { added: joined, caused: tx.getCausedWork() };
}

export async function readAudienceKeys(tx: Reader): Promise<string[]> {
  return (await tx.all<{ key: string }>("SELECT key FROM audiences ORDER BY key")).map(({ key }) => key);
}

export async function listAudienceMembers(
  tx: Reader,
  audience: string,
  page: PageRequest,
): Promise<Paged<AudienceMember>> {
  const { rows, page_info } = await readPage<RecipientRow & { tenant: string; added_at: number }>(
    tx,
    {
      kind: "members",
      columns: `a.row, a.tenant, a.inserted_at AS added_at, ${RECIPIENT_COLUMNS}`,
      from: "FROM audience_members a JOIN recipients r ON r.key = a.recipient",
      bytes: RECIPIENT_BYTES,
      key: "a.row",
      filters: new SqlFilters().add("a.audience = ?", audience),
    },
    page,
  );
  return {
    items: rows.map((row) => ({ recipient: toRecipient(row), tenant: row.tenant || null, added_at: row.added_at })),
    page_info,
  };
}

export async function readMemberships(
  tx: Reader,
  users: readonly RecipientKey[],
): Promise<Map<RecipientKey, { audience: string; tenant: string | null }[]>> {
  const found = new Map<RecipientKey, { audience: string; tenant: string | null }[]>();
  const rows = await tx.all<{ recipient: RecipientKey; audience: string; tenant: string }>(
    "SELECT recipient, audience, tenant FROM audience_members WHERE recipient = ANY($1::text[]) ORDER BY row",
    users,
  );
  for (const { recipient, audience, tenant } of rows)
    found.set(recipient, [...(found.get(recipient) ?? []), { audience, tenant: tenant || null }]);
  return found;
}
