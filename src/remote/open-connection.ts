import { type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import { KnockError } from "../errors/knock-error.js";
import type { BaseUrl } from "./parse-base-url.js";

/** The environment's proxy settings: `HTTPS_PROXY` and `NO_PROXY`, as other programs read them. */
export interface ProxySettings {
  url: string | null;
  /** Hosts that are reached directly: names, domains (`.example.com`), or `*`. */
  noProxy: string;
}

export function readProxySettings(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  return {
    url: env.https_proxy || env.HTTPS_PROXY || null,
    noProxy: env.no_proxy ?? env.NO_PROXY ?? "",
  };
}

/** Maximum number of connections: enough for a bulk run. Further calls wait for a free one. */
const MAX_CONNECTIONS = 32;

/**
 * Opens shared connections to the API, through the environment's proxy, except to localhost. `timeoutMs` limits connecting.
 * Throws `usage` for an invalid proxy.
 */
export function openConnection(base: BaseUrl, proxy: ProxySettings, timeoutMs: number): Dispatcher {
  const options = {
    connections: MAX_CONNECTIONS,
    connect: { timeout: timeoutMs },
    // One timer of the caller covers the whole attempt.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (base.isLoopback || proxy.url === null) return new Pool(base.origin, options);
  // The URL is never shown, because it may contain a password.
  if (!URL.canParse(proxy.url) || !/^https?:$/.test(new URL(proxy.url).protocol)) {
    throw new KnockError("usage", "HTTPS_PROXY is not the URL of an HTTP proxy.", {
      hint: "Set it to a URL such as http://proxy.example.com:3128, or unset it to connect directly.",
    });
  }
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: proxy.noProxy,
    proxyTls: { timeout: timeoutMs },
  });
}
