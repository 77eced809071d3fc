import { isLoopback } from "../util/is-loopback.js";
import { createPermanentError } from "./delivery-error.js";

/**
 * A URL that came from a template or from channel data. Anything but https is refused for good (CH-203), except plain http
 * to this machine, which local tests need (CH-208, CHQ-9); `allowHttp` true lets it go anywhere, false nowhere.
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
