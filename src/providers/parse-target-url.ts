import { isLoopback } from "../util/is-loopback.js";
import { createPermanentError } from "./delivery-error.js";

/**
 * Parses a URL from a template or from channel data. Throws a permanent error for anything but https, except plain http to
 * localhost, which local tests need. With `allowHttp` true, plain http may go anywhere; with false, nowhere (CH-203, CH-208,
 * CHQ-9).
 */
export function parseTargetUrl(text: string, allowHttp: boolean | null): URL {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) throw createPermanentError(`the URL ${JSON.stringify(trimmed)} is not valid`);
  const url = new URL(trimmed);
  if (url.username !== "" || url.password !== "")
    throw createPermanentError("the URL must not contain a user name or password");
  if (url.protocol === "https:") return url;
  if (url.protocol !== "http:") throw createPermanentError(`the URL must start with https://, not ${url.protocol}//`);
  if (allowHttp ?? isLoopback(url.hostname)) return url;
  throw createPermanentError(`the URL must start with https://: plain http goes to this machine only (${url.host})`);
}
