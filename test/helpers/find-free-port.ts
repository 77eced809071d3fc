import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that systems give to clients, and to servers that listen on port 0, as those of all other tests do. So none of
 * them gets a port between its choice and its use, or while its server is restarted.
 */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** Returns a port of 127.0.0.1 that is free. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + randomInt(PORTS);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch {
      continue; // the port is in use
    }
    server.close();
    await once(server, "close");
    return port;
  }
}
