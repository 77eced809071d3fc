import type { AudienceMember, AudienceMembership } from "../../domain/audience.js";
import type { Page, Paged } from "../../ports/page.js";
import type { Connection } from "./connection.js";
import { Filters, readPage } from "./read-page.js";
import { type RecipientRow, recipientOf } from "./recipients.js";

const FROM = "FROM audience_members a CROSS JOIN recipients r ON r.key = a.recipient";

const SELECT =
  "SELECT a.row, a.tenant, a.inserted_at AS added_at, r.key, r.properties, r.preferences, r.channel_data, r.inserted_at, r.updated_at " +
  FROM;

export function readAudienceKeys(db: Connection): string[] {
  return db.read(() => db.all<{ key: string }>("SELECT key FROM audiences ORDER BY key").map(({ key }) => key));
}

/** Inside a write. */
export function insertMembers(
  db: Connection,
  audience: string,
  members: readonly AudienceMembership[],
  at: number,
): AudienceMembership[] {
  db.run("INSERT OR IGNORE INTO audiences (key, inserted_at) VALUES (?, ?)", audience, at);
  return members.filter(
    ({ recipient, tenant }) =>
      db.run(
        "INSERT OR IGNORE INTO audience_members (audience, recipient, tenant, inserted_at) VALUES (?, ?, ?, ?)",
        audience,
        recipient,
        tenant ?? "", // no tenant's id is empty
        at,
      ) > 0,
  );
}

export function addAudienceMembers(
  db: Connection,
  audience: string,
  members: readonly AudienceMembership[],
  at: number,
): AudienceMembership[] {
  return db.write(() => insertMembers(db, audience, members, at));
}

export function removeAudienceMembers(
  db: Connection,
  audience: string,
  members: readonly AudienceMembership[],
): AudienceMembership[] {
  return db.write(() =>
    members.filter(
      ({ recipient, tenant }) =>
        db.run(
          "DELETE FROM audience_members WHERE audience = ? AND recipient = ? AND tenant = ?",
          audience,
          recipient,
          tenant ?? "",
        ) > 0,
    ),
  );
}

export function listAudienceMembers(db: Connection, audience: string, page: Page): Paged<AudienceMember> {
  return db.read(() => {
    const { rows, page_info } = readPage<RecipientRow & { row: number; tenant: string; added_at: number }>(
      db,
      {
        kind: "members",
        select: SELECT,
        from: FROM,
        key: "a.row",
        filters: new Filters().add("a.audience = ?", audience),
      },
      page,
    );
    return {
      items: rows.map((row) => ({ recipient: recipientOf(row), tenant: row.tenant || null, added_at: row.added_at })),
      page_info,
    };
  });
}
