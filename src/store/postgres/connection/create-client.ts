import pg, { type PoolConfig } from "pg";

/** Returns a client that connects as those of a pool do, and is not shared. */
export function createClient(options: PoolConfig): pg.Client {
  const ClientClass = (options.Client ?? pg.Client) as typeof pg.Client;
  return new ClientClass(options);
}
