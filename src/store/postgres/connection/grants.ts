import { KnockError } from "../../../errors/knock-error.js";
import { suggestNearest } from "../../../util/find-nearest.js";
import type { Connection } from "./connection.js";

/** The processes that have a role of their own. */
const ROLE_USES = ["api", "worker", "reader"] as const;
type RoleUse = (typeof ROLE_USES)[number];

/** A table or a sequence with the rights that the current role has on it. */
interface GrantedTable {
  schema: string;
  name: string;
  is_job: boolean;
  is_sequence: boolean;
  held: string[];
}

const WRITE = ["SELECT", "INSERT", "UPDATE", "DELETE"];
const USE_SEQUENCE = ["USAGE", "SELECT"];
/** Tables that a reader of runs, messages and users does not need. */
const SECRET_TABLES = new Set(["secrets", "message_secrets"]);

function listRights(use: RoleUse, { is_job, is_sequence, name }: GrantedTable): readonly string[] {
  if (is_sequence) return use === "reader" ? [] : USE_SEQUENCE;
  if (is_job && name === "migrations") return use === "worker" ? ["SELECT"] : [];
  if (use === "reader") return is_job || SECRET_TABLES.has(name) ? [] : ["SELECT"];
  // Only the owner creates and updates tables.
  if (name === "knock_store") return ["SELECT", "UPDATE"];
  return WRITE;
}

/** Reads the tables and sequences of a store and of its jobs. Partitions have the rights of their tables. */
const SELECT_TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, n.nspname = $1 AS is_job, c.relkind = 'S' AS is_sequence, ARRAY(
    SELECT r FROM unnest(CASE WHEN c.relkind = 'S' THEN $3::text[] ELSE $2::text[] END) r
    WHERE has_schema_privilege(n.oid, 'USAGE')
      AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, r) ELSE has_table_privilege(c.oid, r) END
  ) AS held
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'S') AND NOT c.relispartition
    AND (n.nspname = $1 OR n.oid = (SELECT relnamespace FROM pg_class WHERE oid = 'knock_store'::regclass))
  ORDER BY schema, name`;

const readTables = (db: Connection): Promise<GrantedTable[]> =>
  db.all<GrantedTable>(SELECT_TABLES, db.jobSchema, WRITE, USE_SEQUENCE);

/** Returns the statements that give a role the rights that a process needs, and no others. */
function buildGrants(tables: readonly GrantedTable[], use: RoleUse, role: string): string[] {
  const needed = tables.filter((table) => !table.is_sequence && listRights(use, table).length > 0);
  const byRights = new Map<string, string[]>();
  for (const table of needed) {
    const rights = listRights(use, table).join(", ");
    byRights.set(rights, [...(byRights.get(rights) ?? []), `${table.schema}.${table.name}`]);
  }
  const schemas = [...new Set(needed.map(({ schema }) => schema))];
  return [
    `GRANT USAGE ON SCHEMA ${schemas.join(", ")} TO ${role}`,
    ...[...byRights].map(([rights, names]) => `GRANT ${rights} ON ${names.join(", ")} TO ${role}`),
    ...(use === "reader"
      ? []
      : schemas.map((schema) => `GRANT ${USE_SEQUENCE.join(", ")} ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`)),
  ];
}

/** Returns the statements for a role of each process, with the names that the documentation uses. */
export async function listGrants(db: Connection): Promise<string[]> {
  const tables = await readTables(db);
  return ROLE_USES.flatMap((use) => buildGrants(tables, use, `knock_${use}`));
}

/** Grants what `<use>=<role>` says, in one transaction. */
export async function grantTo(db: Connection, grants: readonly string[]): Promise<string[]> {
  const tables = await readTables(db);
  const statements = grants.flatMap((grant) => {
    const [use = "", role = ""] = grant.split("=", 2);
    if (!ROLE_USES.some((known) => known === use))
      throw new KnockError("usage", `--grant-to: unknown use "${use}"${suggestNearest(use, ROLE_USES)}`, {
        hint: "Use api=<role>, worker=<role> or reader=<role>.",
      });
    if (!/^\w+$/.test(role))
      throw new KnockError("usage", `--grant-to: "${role}" is not the name of a role`, {
        hint: "Use letters, digits and underscores. For other names, change the statements of --print-grants.",
      });
    return buildGrants(tables, use as RoleUse, `"${role}"`);
  });
  const names = grants.map((grant) => grant.split("=")[1] ?? "");
  const [unknown] = await db.all<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) name WHERE name NOT IN (SELECT rolname FROM pg_roles)",
    names,
  );
  if (unknown)
    throw new KnockError("store_unusable", `--grant-to: the role "${unknown.name}" does not exist`, {
      hint: `Create it first: CREATE ROLE ${unknown.name} LOGIN.`,
    });
  await db.write(async (tx) => {
    for (const statement of statements) await tx.run(statement);
  });
  return statements;
}

/**
 * Returns the processes that the current role may be used for, and the rights that it lacks for the one that it nearly has: the API or
 * a worker if it can write at all, and otherwise a reader.
 */
export async function findMissingGrants(db: Connection): Promise<{ uses: string[]; missing: string[] }> {
  const tables = await readTables(db);
  const findMissing = (use: RoleUse): string[] =>
    tables.flatMap((table) =>
      listRights(use, table)
        .filter((right) => !table.held.includes(right))
        .map((right) => `${right} on ${table.schema}.${table.name}`),
    );
  const uses = ROLE_USES.filter((use) => findMissing(use).length === 0);
  const canWrite = tables.some(({ held }) => held.some((right) => right !== "SELECT"));
  if (uses.some((use) => use !== "reader" || !canWrite)) return { uses, missing: [] };
  if (!canWrite) return { uses, missing: findMissing("reader") };
  const [api, worker] = [findMissing("api"), findMissing("worker")];
  return { uses, missing: worker.length < api.length ? worker : api };
}
