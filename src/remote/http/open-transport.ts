import type { BaseUrl } from "../../domain/request/parse-base-url.js";
import type { ProxySettings } from "./proxy-settings.js";
import type { HttpTransport, TlsSessionStore } from "./transport.js";

const MAX_CONNECT_MS = 10_000;

export interface ConnectionOptions {
  /** The time limit of one attempt, in milliseconds. Connecting has at most 10 seconds of it. */
  timeoutMs: number;
  /** Default: no proxy. Requests to localhost never use one. */
  proxy?: ProxySettings;
  /** Certificates in PEM that replace Node's list of trusted authorities. Default: the list. */
  ca?: string | null;
  /** Default: each process opens a TLS session of its own. */
  tlsSessions?: TlsSessionStore | undefined;
  /** The number of requests at the same time. Default: 1. */
  concurrency?: number;
}

export function getConnectTimeout({ timeoutMs }: Pick<ConnectionOptions, "timeoutMs">): number {
  return Math.min(timeoutMs, MAX_CONNECT_MS);
}

/**
 * Opens shared connections to the API: with Node's client, or with undici for several requests at a time or a proxy.
 */
export async function openTransport(base: BaseUrl, options: ConnectionOptions): Promise<HttpTransport> {
  const { concurrency = 1, ca = null, tlsSessions = null } = options;
  const proxy = base.isLoopback || options.proxy === undefined ? { url: null, noProxy: "" } : options.proxy;
  const common = { origin: base.origin, connectTimeoutMs: getConnectTimeout(options), ca };
  if (concurrency === 1 && proxy.url === null) {
    const { openNodeTransport } = await import("./node-transport.js");
    return openNodeTransport({ ...common, tlsSessions });
  }
  const { openUndiciTransport } = await import("./undici-transport.js");
  return openUndiciTransport({ ...common, connections: concurrency, proxy });
}
