import type { AudienceMember, AudienceMembership } from "../../../domain/audience/audience.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { AddedMembers } from "../../../ports/audience-store.js";
import type { Paged, PageRequest } from "../../../ports/page-request.js";
import { stringify } from "../../rows/json-column.js";
import { RECIPIENT_BYTES, RECIPIENT_COLUMNS, type RecipientRow, toRecipient } from "../../rows/recipient-row.js";
import type { Connection } from "../connection/connection.js";
import { readPage, SqlFilters } from "../connection/read-page.js";

/**
 * Inserts members and returns the new ones. New members may start audience runs, at the given depth, unless `quietly` is set.
 * Must run inside a write.
 */
export function insertMembers(
  db: Connection,
  audience: string,
  members: readonly AudienceMembership[],
  at: number,
  { quietly = false, depth = 0 } = {},
): AudienceMembership[] {
  db.run("INSERT OR IGNORE INTO audiences (key, inserted_at) VALUES (?, ?)", audience, at);
  const joined = members.filter(
    ({ recipient, tenant }) =>
      db.run(
        "INSERT OR IGNORE INTO audience_members (audience, recipient, tenant, inserted_at) VALUES (?, ?, ?, ?)",
        audience,
        recipient,
        tenant ?? "", // a tenant's id is never empty
        at,
      ) > 0,
  );
  if (!quietly) {
    for (const { recipient, tenant } of joined) {
      db.run(
        "INSERT INTO user_changes (user, audience, tenant, at, depth) VALUES (?, ?, ?, ?, ?)",
        recipient,
        audience,
        tenant,
        at,
        depth,
      );
      db.causedWork.addUser(recipient);
    }
  }
  return joined;
}

/** Deletes members and returns those that existed. Must run inside a write. */
export function deleteMembers(
  db: Connection,
  audience: string,
  members: readonly AudienceMembership[],
): AudienceMembership[] {
  return members.filter(
    ({ recipient, tenant }) =>
      db.run(
        "DELETE FROM audience_members WHERE audience = ? AND recipient = ? AND tenant = ?",
        audience,
        recipient,
        tenant ?? "",
      ) > 0,
  );
}

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
    const rows = db.all<{ recipient: RecipientKey; audience: string; tenant: string }>(
      "SELECT recipient, audience, tenant FROM audience_members WHERE recipient IN (SELECT value FROM json_each(?))",
      stringify(users),
    );
    for (const { recipient, audience, tenant } of rows)
      found.set(recipient, [...(found.get(recipient) ?? []), { audience, tenant: tenant || null }]);
    return found;
  });
}
