import { type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import type { ProxySettings } from "./proxy-settings.js";
import { flattenHeaders, type HttpTransport, type TransportOptions } from "./transport.js";

interface UndiciOptions extends TransportOptions {
  /** The maximum number of connections. Further requests wait for a free one. */
  connections: number;
  proxy: ProxySettings;
}

/** Opens a pool of connections with undici, directly or through a proxy. A pool sends three times as many requests as Node's client. */
export function openUndiciTransport(options: UndiciOptions): HttpTransport {
  const dispatcher = openDispatcher(options);
  return {
    async request({ method, path, headers, body, signal }) {
      const response = await dispatcher.request({
        origin: options.origin,
        method: method as Dispatcher.HttpMethod,
        path,
        headers,
        body,
        signal,
      });
      return { status: response.statusCode, headers: flattenHeaders(response.headers), body: response.body };
    },
    close: () => dispatcher.destroy(),
  };
}

function openDispatcher({ origin, connections, connectTimeoutMs, ca, proxy }: UndiciOptions): Dispatcher {
  const tls = ca === null ? {} : { ca };
  const pool = {
    connections,
    connect: { timeout: connectTimeoutMs, ...tls },
    // The timer of the caller covers the whole attempt.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy.url === null) return new Pool(origin, pool);
  return new EnvHttpProxyAgent({
    ...pool,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: proxy.noProxy,
    requestTls: tls,
    proxyTls: { timeout: connectTimeoutMs },
  });
}
