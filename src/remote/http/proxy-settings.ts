import { KnockError } from "../../errors/knock-error.js";

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

/** Throws `usage` for an invalid proxy. The URL is never shown, because it may contain a password. */
export function checkProxy(proxy: ProxySettings | undefined): void {
  if (proxy === undefined || proxy.url === null) return;
  if (URL.canParse(proxy.url) && /^https?:$/.test(new URL(proxy.url).protocol)) return;
  throw new KnockError("usage", "HTTPS_PROXY is not the URL of an HTTP proxy", {
    hint: "Set it to a URL such as http://proxy.example.com:3128, or unset it to connect directly.",
  });
}
