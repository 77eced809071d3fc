import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Distributes connections over servers of this machine. A connection to a server that has ended is given to the next one. */
export class Balancer {
  private readonly sockets = new Set<Socket>();
  private next = 0;

  private constructor(
    private readonly server: Server,
    /** The ports of the servers. */
    public ports: readonly number[],
  ) {}

  static async start(ports: readonly number[]): Promise<Balancer> {
    const server = createServer();
    const balancer = new Balancer(server, ports);
    server.on("connection", (client) => balancer.forward(client, ports.length * 2));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return balancer;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private forward(client: Socket, attempts: number): void {
    const upstream = connect(this.ports[this.next++ % this.ports.length] as number, "127.0.0.1");
    let isOpen = false;
    this.sockets.add(client);
    client.on("error", () => {});
    client.on("close", () => {
      this.sockets.delete(client);
      upstream.destroy();
    });
    upstream.on("error", () => {});
    upstream.on("connect", () => {
      isOpen = true;
      client.pipe(upstream);
      upstream.pipe(client);
    });
    upstream.on("close", () => {
      if (isOpen || attempts === 0) client.destroy();
      else if (!client.destroyed) this.forward(client, attempts - 1);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, "close");
  }
}
