import type { AudienceMember, AudienceMembership } from "../../../domain/audience/audience.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { AddedMembers } from "../../../ports/audience-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { stringify } from "../../rows/json-column.js";
import { RECIPIENT_BYTES, RECIPIENT_COLUMNS, type RecipientRow, toRecipient } from "../../rows/recipient-row.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";
import { deleteMembers, insertMembers } from "./audience-members.js";

const FROM_MEMBERS = "FROM audience_members a CROSS JOIN recipients r ON r.key = a.recipient";

const MEMBER_COLUMNS = `a.row, a.tenant, a.inserted_at AS added_at, ${RECIPIENT_COLUMNS}`;

export function readAudienceKeys(db: Connection): string[] {
  return db.read(() => db.all<{ key: string }>("SELECT key FROM audiences ORDER BY key").map(({ key }) => key));
}

export function addAudienceMembers(
  db: Connection,
  audience: string,
  members: readonly AudienceMembership[],
  at: number,
): AddedMembers {
  const { result: added, caused } = db.writeAndCollect(() => insertMembers(db, audience, members, at));
  return { added, caused };
}

export function removeAudienceMembers(
  db: Connection,
  audience: string,
  members: readonly AudienceMembership[],
): AudienceMembership[] {
  return db.write(() => deleteMembers(db, audience, members));
}

export function listAudienceMembers(db: Connection, audience: string, page: PageRequest): Paged<AudienceMember> {
  return db.read(() => {
    const { rows, page_info } = readPage<RecipientRow & { tenant: string; added_at: number }>(
      db,
      {
        kind: "members",
        columns: MEMBER_COLUMNS,
        from: FROM_MEMBERS,
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
  });
}

export function readMemberships(
  db: Connection,
  users: readonly RecipientKey[],
): Map<RecipientKey, { audience: string; tenant: string | null }[]> {
  return db.read(() => {
    const found = new Map<RecipientKey, { audience: string; tenant: string | null }[]>();
    const rows = db.all<{ recipient: string; audience: string; tenant: string }>(
      "SELECT recipient, audience, tenant FROM audience_members WHERE recipient IN (SELECT value FROM json_each(?))",
      stringify(users),
    );
    for (const { recipient, audience, tenant } of rows) {
      const key = recipient as RecipientKey;
      found.set(key, [...(found.get(key) ?? []), { audience, tenant: tenant || null }]);
    }
    return found;
  });
}
