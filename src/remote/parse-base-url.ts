import { KnockError } from "../errors/knock-error.js";

export interface BaseUrl {
  /** Scheme, host and port, as a connection pool takes it. */
  origin: string;
  /** Host and port, for messages. */
  host: string;
  /** The path before `/v1`: "" or `/some/prefix`. */
  prefix: string;
  isLoopback: boolean;
}

const HINT = "Use the address of the API, such as https://api.knock.app or http://127.0.0.1:8484.";

/** Parses the API's base URL. Throws `usage` if it is invalid or would send the key unencrypted. */
export function parseBaseUrl(text: string): BaseUrl {
  if (!URL.canParse(text)) throw new KnockError("usage", "the base URL is not a URL", { hint: HINT });
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new KnockError("usage", `the base URL must start with https:// or http://, not ${url.protocol}`, {
      hint: HINT,
    });
  }
  // The URL is never shown, because it contains a secret.
  if (url.username !== "" || url.password !== "") {
    throw new KnockError("usage", "the base URL must not contain a user name or password", { hint: HINT });
  }
  if (url.search !== "" || url.hash !== "") {
    throw new KnockError("usage", "the base URL must not have a query or a fragment", { hint: HINT });
  }
  const prefix = url.pathname.replace(/\/+$/, "");
  if (/\/v1$/.test(prefix)) {
    throw new KnockError("usage", "the base URL must not end with /v1, because the command adds it to each path", {
      hint: `Use ${url.origin}${prefix.slice(0, -"/v1".length)}.`,
    });
  }
  const loopback = isLoopbackHost(url.hostname);
  if (url.protocol === "http:" && !loopback) {
    throw new KnockError("usage", `plain http to ${url.host} would send the API key unencrypted`, {
      hint: `Use https://${url.host} (http is only allowed for localhost).`,
    });
  }
  return { origin: url.origin, host: url.host, prefix, isLoopback: loopback };
}

function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
