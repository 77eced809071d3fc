import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../helpers/eventually.js";
import { findFreePort } from "../../helpers/find-free-port.js";
import { findServerUser, type PostgresServer, withClient } from "../../helpers/postgres-server.js";
import type { ServerProxy } from "./fault-run.js";

const PROGRAM = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].find((path) => existsSync(path));

export const hasPgBouncer = PROGRAM !== undefined;
if (!hasPgBouncer)
  process.stderr.write("notice: PgBouncer is not installed; tests behind a connection pooler are skipped\n");

/** A connection pooler in transaction mode before a server. */
export class PgBouncer implements ServerProxy {
  readonly figures = {};
  isFailing = false;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly process: ReturnType<typeof spawn>,
  ) {}

  /** `settings` are lines of its configuration. */
  static async start(server: PostgresServer, settings: readonly string[] = []): Promise<PgBouncer> {
    const port = await findFreePort();
    const folder = mkdtempSync(join(tmpdir(), "knock-pgbouncer-"));
    const user = findServerUser();
    if (user) chownSync(folder, user.uid, user.gid);
    const file = join(folder, "pgbouncer.ini");
    writeFileSync(
      file,
      [
        "[databases]",
        `* = host=127.0.0.1 port=${server.port} user=postgres`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = any",
        "pool_mode = transaction",
        "max_client_conn = 500",
        "default_pool_size = 30",
        ...settings,
      ].join("\n"),
    );
    const child = spawn(PROGRAM as string, [file], { stdio: "ignore", cwd: folder, ...user });
    const pooler = new PgBouncer(port, folder, child);
    await eventually(() =>
      withClient(pooler.getUrl("postgres"), (client) => client.query("SELECT 1")).catch(() => null),
    );
    return pooler;
  }

  getUrl(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async close(): Promise<void> {
    const ended = once(this.process, "exit");
    this.process.kill("SIGQUIT");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
