import pg from "pg";
import type { StoreLocation } from "./parse-location.js";
import { isConnectionLost } from "./store-errors.js";

type ClientClass = typeof pg.Client;

/** Together, the attempts take less time than a connection of the pool may. */
const ALL_ATTEMPTS_MS = 9_000;

/** The code of a client that could not connect, so that the connection is tried again while a standby is promoted. */
const NOT_CONNECTED = "08001";

/** Throws unless a server can be used. */
async function checkServer(options: pg.ClientConfig, needsPrimary: boolean): Promise<pg.Client> {
  const client = new pg.Client(options);
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query("SELECT pg_is_in_recovery() AS is_standby");
    if (needsPrimary && rows[0].is_standby)
      throw Object.assign(new Error("no server of the URL is the primary"), { code: NOT_CONNECTED });
    return client;
  } finally {
    client.end().catch(() => {});
  }
}

/**
 * Returns a client for a URL with several servers, or one that must be the primary; `pg` knows neither. Each connection is made to the
 * server of the connection before, or else to the next one that can be used.
 */
export function createHostListClient({ urls, needsPrimary }: StoreLocation): ClientClass {
  let current = 0;

  async function findServer(options: pg.ClientConfig): Promise<pg.Client> {
    let failure: unknown;
    for (let count = 0; count < urls.length; count++) {
      const index = (current + count) % urls.length;
      const connectionTimeoutMillis = ALL_ATTEMPTS_MS / urls.length;
      try {
        const checked = await checkServer(
          { ...options, connectionString: urls[index] as string, connectionTimeoutMillis },
          needsPrimary,
        );
        current = index;
        return checked;
      } catch (error) {
        // An error such as a wrong password says more than a server that is away.
        if (failure === undefined || isConnectionLost(failure)) failure = error;
      }
    }
    throw failure;
  }

  class HostListClient extends pg.Client {
    constructor(private readonly options: pg.ClientConfig) {
      super(options);
    }

    private async connectToServer(): Promise<pg.Client> {
      const { host, port } = await findServer(this.options);
      Object.assign(this, { host, port });
      await super.connect();
      return this;
    }

    override connect(): Promise<pg.Client>;
    override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void;
    override connect(callback?: unknown): Promise<pg.Client> {
      const connected = this.connectToServer();
      const report = callback as ((error: Error | null, client?: pg.Client) => void) | undefined;
      if (report) connected.then((client) => report(null, client), report);
      return connected;
    }
  }
  return HostListClient as ClientClass;
}
