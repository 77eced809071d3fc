import { type Dispatcher, errors, Pool } from "undici";

/** A proxy that closed the connection instead of answering a CONNECT request. */
class ProxyClosedError extends Error {
  readonly code = "ERR_PROXY_CLOSED";
}

const CLOSED_CODES: ReadonlySet<unknown> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** Connections to a proxy, on which `ProxyAgent` opens its tunnels. */
export class ProxyPool extends Pool {
  constructor(
    proxy: URL,
    options: Pool.Options,
    private readonly connectTimeoutMs: number,
  ) {
    super(proxy, options);
  }

  /** Opens a tunnel. Without a time limit, undici would wait for a response of the proxy for five minutes. */
  private async openTunnel(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> {
    const limit = AbortSignal.timeout(this.connectTimeoutMs);
    try {
      return await super.connect({ ...options, signal: limit });
    } catch (error) {
      if (limit.aborted) throw new errors.ConnectTimeoutError("the proxy did not respond");
      // undici connects again, immediately and without end, after an error with the code UND_ERR_SOCKET.
      if (CLOSED_CODES.has((error as { code?: unknown }).code))
        throw new ProxyClosedError("the proxy closed the connection");
      throw error;
    }
  }

  override connect = ((options: Dispatcher.ConnectOptions) => this.openTunnel(options)) as Pool["connect"];
}
