import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { findServerUser, type PostgresServer, ROLE_WITH_PASSWORD, withClient } from "./postgres-server.js";

/** A database on a server of its own, in which the store belongs to a role with a password. */
export interface OutageSetup {
  server: PostgresServer;
  /** The URL as the role's. */
  location: string;
  database: string;
  /** The folder of the disk that the tables are on; null if this test may not mount any. */
  disk: string | null;
}

/** A state of a server in which nothing can be written. */
export interface Outage {
  name: string;
  needsDisk?: boolean;
  /** Whether the server is away, so that statements wait for it. */
  isStop?: boolean;
  begin(setup: OutageSetup): Promise<void>;
  /** Takes what has become free since the beginning. */
  renew?(setup: OutageSetup): Promise<void>;
  end(setup: OutageSetup): Promise<void>;
}

/** The size of the disk: for a database with a store, and little more. */
const DISK_MB = 96;
const FULL_FILE = "full";

/** Mounts a small disk in memory, which only root may do. Returns null if that is impossible here. */
function mountSmallDisk(folder: string): string | null {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  try {
    const user = findServerUser();
    const owner = user ? `,uid=${user.uid},gid=${user.gid},mode=700` : "";
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MB}m${owner}`, "tmpfs", disk], { stdio: "ignore" });
    return disk;
  } catch {
    rmSync(disk, { recursive: true });
    process.stderr.write("notice: this user may not mount a disk; skipped: a full disk of PostgreSQL\n");
    return null;
  }
}

function unmountDisk(disk: string): void {
  execFileSync("umount", ["--lazy", disk]);
}

/** Fills a disk to the last block, while the server also writes to it. */
function fillDisk(disk: string): void {
  for (;;) {
    const { bavail, bsize } = statfsSync(disk);
    if (bavail === 0) return;
    try {
      writeFileSync(join(disk, FULL_FILE), Buffer.alloc(Math.ceil(bavail / 2) * bsize), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}

const asAdmin = (server: PostgresServer, ...statements: string[]): Promise<void> =>
  withClient(server.getUrl("postgres"), async (client) => {
    for (const statement of statements) await client.query(statement);
  });

/** Creates a server with few connections, and a database for a store on it. */
export async function createOutageSetup(
  start: (settings: readonly string[]) => Promise<PostgresServer>,
): Promise<OutageSetup> {
  const server = await start(["max_connections=30", "superuser_reserved_connections=3"]);
  const disk = mountSmallDisk(server.folder);
  const { name, password } = ROLE_WITH_PASSWORD;
  const database = "knock";
  if (disk !== null) await asAdmin(server, `CREATE TABLESPACE small LOCATION '${disk}'`);
  await asAdmin(server, `CREATE DATABASE ${database} OWNER ${name}${disk === null ? "" : " TABLESPACE small"}`);
  const url = new URL(server.getUrl(database));
  url.username = name;
  url.password = encodeURIComponent(password);
  return { server, location: url.href, database, disk };
}

/** Ends the server and its disk. */
export async function removeOutageSetup({ server, disk }: OutageSetup): Promise<void> {
  await server.stop("immediate");
  if (disk !== null) unmountDisk(disk);
  await server.remove();
}

const setPassword = ({ server }: OutageSetup, password: string): Promise<void> =>
  asAdmin(server, `ALTER ROLE ${ROLE_WITH_PASSWORD.name} PASSWORD '${password}'`);

const changeGrants = ({ location }: OutageSetup, action: string, direction: string): Promise<void> =>
  withClient(location, async (client) => {
    await client.query(
      `${action} ON ALL TABLES IN SCHEMA public, graphile_worker ${direction} ${ROLE_WITH_PASSWORD.name}`,
    );
  });

/** The connections that leave none for others. */
const heldConnections: pg.Client[] = [];

async function takeAllConnections({ location }: OutageSetup): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: location });
    client.on("error", () => {});
    try {
      await client.connect();
    } catch {
      return;
    }
    heldConnections.push(client);
  }
}

/** Every state of a server in which a store cannot be written. */
export const OUTAGES: readonly Outage[] = [
  {
    name: "a read-only server",
    begin: ({ server }) =>
      asAdmin(server, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"),
    end: ({ server }) =>
      asAdmin(
        server,
        "SET default_transaction_read_only = off",
        "ALTER SYSTEM RESET default_transaction_read_only",
        "SELECT pg_reload_conf()",
      ),
  },
  {
    name: "read-only sessions",
    begin: ({ server, database }) =>
      asAdmin(server, `ALTER DATABASE ${database} SET default_transaction_read_only = on`),
    end: ({ server, database }) => asAdmin(server, `ALTER DATABASE ${database} RESET default_transaction_read_only`),
  },
  {
    name: "a changed password",
    begin: (setup) => setPassword(setup, "changed"),
    end: (setup) => setPassword(setup, ROLE_WITH_PASSWORD.password),
  },
  {
    name: "a missing grant",
    begin: (setup) => changeGrants(setup, "REVOKE INSERT, UPDATE, DELETE", "FROM"),
    end: (setup) => changeGrants(setup, "GRANT INSERT, UPDATE, DELETE", "TO"),
  },
  {
    name: "no free connections",
    begin: takeAllConnections,
    renew: takeAllConnections,
    async end() {
      // Some may have ended by themselves, and would not end again.
      for (const client of heldConnections.splice(0)) client.end().catch(() => {});
    },
  },
  {
    name: "a full disk",
    needsDisk: true,
    begin: async ({ disk }) => fillDisk(disk as string),
    renew: async ({ disk }) => fillDisk(disk as string),
    end: async ({ disk }) => rmSync(join(disk as string, FULL_FILE)),
  },
  {
    name: "a stopped server",
    isStop: true,
    begin: ({ server }) => server.stop(),
    end: ({ server }) => server.resume(),
  },
];
