import type { AudienceMembership } from "../../../domain/audience/audience.js";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import { stringify } from "../../rows/json-column.js";
import type { Transaction } from "../connection/transaction.js";

/** Members as rows, without a tenant as an empty text: a tenant's id is never empty. */
const toRows = (members: readonly AudienceMembership[]): string =>
  stringify(members.map(({ recipient, tenant }) => ({ recipient, tenant: tenant ?? "" })));

/** Row numbers follow the order of the list, but the rows are inserted in the order of their keys, which avoids deadlocks. */
const INSERT = `
  INSERT INTO audience_members (row, audience, recipient, tenant, inserted_at)
  SELECT c.row, $1, c.recipient, c.tenant, $3 FROM (
    SELECT nextval('audience_members_row_seq') AS row, recipient, tenant
    FROM ROWS FROM (json_to_recordset($2::json) AS (recipient text, tenant text)) WITH ORDINALITY AS asked (recipient, tenant, n)
    ORDER BY n) c
  ORDER BY c.recipient COLLATE "C", c.tenant COLLATE "C", c.row
  ON CONFLICT DO NOTHING RETURNING recipient, tenant`;

const DELETE = `
  DELETE FROM audience_members WHERE row IN (
    SELECT m.row FROM audience_members m JOIN json_to_recordset($2::json) AS c (recipient text, tenant text)
      ON m.recipient = c.recipient AND m.tenant = c.tenant
    WHERE m.audience = $1 ORDER BY m.recipient, m.tenant FOR UPDATE OF m)
  RETURNING recipient, tenant`;

interface MemberRow {
  recipient: RecipientKey;
  tenant: string;
}

/** Returns the members of a list that have a row, each once, in the order of the list. */
function selectMembers(members: readonly AudienceMembership[], rows: readonly MemberRow[]): AudienceMembership[] {
  const left = new Set(rows.map(({ recipient, tenant }) => `${recipient}\n${tenant}`));
  return members.filter(({ recipient, tenant }) => left.delete(`${recipient}\n${tenant ?? ""}`));
}

/** Inserts members and returns the new ones. Creates the audience if necessary. */
export async function insertMembers(
  tx: Transaction,
  audience: string,
  members: readonly AudienceMembership[],
  at: number,
): Promise<AudienceMembership[]> {
  await tx.run("INSERT INTO audiences (key, inserted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING", audience, at);
  if (members.length === 0) return [];
  return selectMembers(members, await tx.all<MemberRow>(INSERT, audience, toRows(members), at));
}

/** Deletes members and returns those that existed. */
export async function deleteMembers(
  tx: Transaction,
  audience: string,
  members: readonly AudienceMembership[],
): Promise<AudienceMembership[]> {
  return selectMembers(members, await tx.all<MemberRow>(DELETE, audience, toRows(members)));
}
