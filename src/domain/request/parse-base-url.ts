import { KnockError } from "../../errors/knock-error.js";

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

/**
 * Parses the API's base URL. `source` names the flag, variable or setting in errors. Throws `usage` if the URL
 * is invalid or would send the key unencrypted.
 */
export function parseBaseUrl(text: string, source = "the base URL"): BaseUrl {
  if (!URL.canParse(text)) {
    // A text with an @ may contain a password.
    const found = text.includes("@") ? "the value" : JSON.stringify(text);
    throw new KnockError("usage", `${source}: ${found} is not a URL`, { hint: HINT });
  }
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new KnockError("usage", `${source} must start with https:// or http://, not ${url.protocol}`, {
      hint: HINT,
    });
  }
  // The URL is never shown, because it contains a secret.
  if (url.username !== "" || url.password !== "") {
    throw new KnockError("usage", `${source} must not contain a user name or password`, { hint: HINT });
  }
  if (url.search !== "" || url.hash !== "") {
    throw new KnockError("usage", `${source} must not have a query or a fragment`, { hint: HINT });
  }
  const prefix = url.pathname.replace(/(?<!\/)\/+$/, "");
  if (/\/v1$/.test(prefix)) {
    throw new KnockError("usage", `${source} must not end with /v1, because the command adds it to each path`, {
      hint: `Use ${url.origin}${prefix.slice(0, -"/v1".length)}.`,
    });
  }
  const loopback = isLoopbackHost(url.hostname);
  if (url.protocol === "http:" && !loopback) {
    throw new KnockError("usage", `${source}: plain http to ${url.host} would send the API key unencrypted`, {
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
