import { type Dispatcher, EnvHttpProxyAgent, errors, Pool } from "undici";
import { getErrorCode } from "../../util/text-file.js";
import type { ProxySettings } from "./proxy-settings.js";
import { type HttpTransport, ResponseCollector, type TransportOptions, type TransportResponse } from "./transport.js";

/** A proxy that closed the connection instead of answering a CONNECT request. */
class ProxyClosedError extends Error {
  readonly code = "ERR_PROXY_CLOSED";
}

const CLOSED_CODES: ReadonlySet<unknown> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** Connections to a proxy, on which `ProxyAgent` opens its tunnels. */
class ProxyPool extends Pool {
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
      if (CLOSED_CODES.has(getErrorCode(error))) throw new ProxyClosedError("the proxy closed the connection");
      throw error;
    }
  }

  override connect = (options: Dispatcher.ConnectOptions) => this.openTunnel(options);
}

interface UndiciOptions extends TransportOptions {
  /** The maximum number of connections. Further requests wait for a free one. */
  connections: number;
  proxy: ProxySettings;
}

/** Opens a pool of connections with undici, directly or through a proxy. A pool sends three times as many requests as Node's client. */
export function openUndiciTransport(options: UndiciOptions): HttpTransport {
  const dispatcher = openDispatcher(options);
  const { origin } = options;
  return {
    // `dispatch` takes half of the time of undici's `request`, which creates a stream for each response.
    request: (sent) =>
      new Promise<TransportResponse>((resolve, reject) => {
        let controller: Dispatcher.DispatchController | undefined;
        const collector = new ResponseCollector(sent, resolve, reject, (error) => controller?.abort(error));
        const { path, headers, body } = sent;
        const method = sent.method;
        const handler: Dispatcher.DispatchHandler = {
          onRequestStart: (started) => {
            controller = started;
            // The time may have passed while the request waited for a connection.
            if (collector.isSettled) started.abort(new Error("time-out"));
          },
          onResponseStart: (_, status, responseHeaders) => collector.setHead(status, responseHeaders),
          onResponseData: (_, chunk) => collector.add(chunk),
          onResponseEnd: () => collector.end(),
          onResponseError: (_, error) => failWith(collector, error),
        };
        dispatcher.dispatch({ origin, method, path, headers, body }, handler);
      }),
    close: () => dispatcher.destroy(),
  };
}

function failWith(collector: ResponseCollector, error: Error): void {
  const isConnectTimeout = getErrorCode(error) === "UND_ERR_CONNECT_TIMEOUT";
  collector.fail(error, isConnectTimeout ? "connect_timeout" : "connection");
}

function openDispatcher({ origin, connections, connectTimeoutMs, ca, proxy }: UndiciOptions): Dispatcher {
  const tls = ca === null ? {} : { ca };
  const pool = {
    connections,
    connect: { timeout: connectTimeoutMs, ...tls },
    // The collector's timer covers the whole attempt.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy.url === null) return new Pool(origin, pool);
  return new EnvHttpProxyAgent({
    ...pool,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: proxy.noProxy,
    clientFactory: (url, options) => new ProxyPool(url, options, connectTimeoutMs),
    requestTls: { timeout: connectTimeoutMs, ...tls },
    proxyTls: { timeout: connectTimeoutMs },
  });
}
