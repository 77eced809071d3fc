/** Returns why a text is not a valid HTTP or HTTPS URL in the project's configuration, or null. */
export function describeInvalidUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || !/^https?:\/\/\S+$/i.test(text))
    return `must be a URL that starts with http:// or https://, found ${JSON.stringify(text)}`;
  if (url.username !== "" || url.password !== "") return "must not contain a user name or password";
  if (url.hostname.includes("*")) return `must name one host; wildcards are unsupported, found ${JSON.stringify(text)}`;
  return null;
}

/**
 * Returns why a text is not a valid address or range such as `172.18.0.0/16`, or null. It does not use `node:net`,
 * which loads slowly.
 */
export function describeInvalidAddressRange(text: string): string | null {
  const [address = "", prefix, ...rest] = text.split("/");
  const isIPv6 = address.includes(":") && URL.canParse(`http://[${address}]/`);
  const isIPv4 = /^\d+(\.\d+){3}$/.test(address) && URL.canParse(`http://${address}/`);
  const bits = prefix === undefined ? 0 : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if ((isIPv4 || isIPv6) && rest.length === 0 && bits <= (isIPv4 ? 32 : 128)) return null;
  return `must be an IP address or a range such as "172.18.0.0/16", found ${JSON.stringify(text)}`;
}

/** Matches an encoded slash or backslash, which some servers interpret as a separator of path segments. */
const ENCODED_SLASH = /%2f|%5c/i;

function getPathSegments({ pathname }: URL): string[] {
  const segments = pathname.split("/").slice(1);
  return segments.at(-1) === "" ? segments.slice(0, -1) : segments;
}

/**
 * Returns whether an entry of `fetch.allow` permits a rendered URL. The origin must be the same, and the path must
 * start with the segments of the entry. An entry that ends with a slash permits only URLs below it; an entry with a
 * query permits only that query.
 */
export function isAllowedBy(entry: string, url: URL): boolean {
  const allowed = new URL(entry);
  if (allowed.origin !== url.origin) return false;
  const allowedSegments = getPathSegments(allowed);
  if (allowedSegments.length > 0 && ENCODED_SLASH.test(url.pathname)) return false;
  const requestSegments = getPathSegments(url);
  if (!allowedSegments.every((segment, index) => segment === requestSegments[index])) return false;
  if (allowed.search !== "") return requestSegments.length === allowedSegments.length && url.search === allowed.search;
  return !allowed.pathname.endsWith("/") || url.pathname.startsWith(allowed.pathname);
}
