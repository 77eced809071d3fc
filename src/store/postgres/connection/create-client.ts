import pg, { type PoolConfig } from "pg";

/** Returns a client that connects as those of a pool do, and is not shared. */
export function createClient(options: PoolConfig): pg.Client {
  const ClientClass = (options.Client ?? pg.Client) as typeof pg.Client;
  return new ClientClass(options);
}

/** Opens a connection that is not shared. Its later errors are reported by the statement that needs it. */
export async function connectClient(options: PoolConfig): Promise<pg.Client> {
  const client = createClient(options);
  client.on("error", () => {});
  await client.connect();
  return client;
}
