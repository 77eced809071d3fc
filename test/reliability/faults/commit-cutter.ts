import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Figures, ServerProxy } from "./fault-run.js";

const HEADER_BYTES = 5;
const SIMPLE_QUERY = "Q".charCodeAt(0);
const COMMIT = "COMMIT\0";

/** Finds COMMIT among the messages of a client of PostgreSQL, however they are divided into chunks. */
class CommitFinder {
  private rest = Buffer.alloc(0);
  /** The first message has no type. */
  private isStartup = true;

  /** Returns whether a chunk completes a COMMIT. */
  read(chunk: Buffer): boolean {
    this.rest = Buffer.concat([this.rest, chunk]);
    let isFound = false;
    for (;;) {
      const typeBytes = this.isStartup ? 0 : 1;
      if (this.rest.length < HEADER_BYTES) return isFound;
      const length = typeBytes + this.rest.readUInt32BE(typeBytes);
      if (this.rest.length < length) return isFound;
      const isQuery = !this.isStartup && this.rest[0] === SIMPLE_QUERY;
      if (isQuery && this.rest.toString("latin1", HEADER_BYTES, length) === COMMIT) isFound = true;
      this.rest = this.rest.subarray(length);
      this.isStartup = false;
    }
  }
}

/**
 * A proxy before PostgreSQL that cuts connections after COMMIT was sent and before its answer. Half of the cuts do not wait
 * for the server, so the COMMIT can still be in progress when its outcome is looked up.
 */
export class CommitCutter implements ServerProxy {
  isFailing = false;
  private cuts = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** `share` is the probability of a cut, which ends after `maxCuts`. */
  private constructor(
    private readonly target: number,
    private readonly share: number,
    private readonly maxCuts: number,
  ) {
    this.server = createServer((client) => this.connect(client));
  }

  static async start(target: number, { share, maxCuts }: { share: number; maxCuts: number }): Promise<CommitCutter> {
    const cutter = new CommitCutter(target, share, maxCuts);
    cutter.server.listen(0, "127.0.0.1");
    await once(cutter.server, "listening");
    return cutter;
  }

  get figures(): Figures {
    return { commits_cut: this.cuts };
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private connect(client: Socket): void {
    const server = connect(this.target, "127.0.0.1");
    const finder = new CommitFinder();
    let isCut = false;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.sockets.delete(socket);
        other.end();
      });
    }
    client.on("data", (chunk: Buffer) => {
      if (isCut) return;
      isCut = finder.read(chunk) && this.isFailing && this.cuts < this.maxCuts && Math.random() < this.share;
      const isImmediate = isCut && ++this.cuts % 2 === 0;
      server.write(chunk, () => {
        if (isImmediate) client.destroy();
      });
    });
    server.on("data", (chunk: Buffer) => {
      if (isCut) client.destroy();
      else client.write(chunk);
    });
  }
}
