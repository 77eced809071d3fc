import type { AudienceMembership } from "../../../domain/audience/audience.js";
import type { Connection } from "../connection/connection.js";

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
