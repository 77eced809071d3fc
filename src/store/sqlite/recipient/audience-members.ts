import type { AudienceMembership } from "../../../domain/audience/audience.js";
import type { Connection } from "../connection/connection.js";

/** Inside a write. Whoever joins may start audience runs, at the given depth; `quietly` they do not. */
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
        tenant ?? "", // no tenant's id is empty
        at,
      ) > 0,
  );
  if (!quietly) {
    for (const { recipient, tenant } of joined)
      db.run(
        "INSERT INTO user_changes (user, audience, tenant, at, depth) VALUES (?, ?, ?, ?, ?)",
        recipient,
        audience,
        tenant,
        at,
        depth,
      );
  }
  return joined;
}

/** Inside a write. */
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
