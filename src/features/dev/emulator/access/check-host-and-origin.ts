import { isIP } from "node:net";
import type { HandlerOptions } from "../emulator-options.js";
import { ApiError } from "../http/api-error.js";
import type { RequestContext } from "../http/request-context.js";

const LOOPBACK_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Host names that resolve only in a local network: single labels and reserved domains. No one can register them on the
 * internet.
 */
const PRIVATE_HOST_NAME = /^[^.]+$|\.(?:internal|local|localhost|home\.arpa|test)$/;

/**
 * Throws a 403 API error for an unknown `Host` header. Otherwise a website could point its own name at this server, and
 * browsers would let it read the responses (DNS rebinding). Allowed are loopback names, the configured host and
 * `allowedHosts`, where a leading dot includes all subdomains. A server that listens on all addresses also accepts IP
 * addresses, which no website can redirect, names of its local network, and requests without a name, which browsers
 * never send.
 */
export function checkHost(
  header: string | undefined,
  { host, allowedHosts = [], publicApi }: Pick<HandlerOptions, "host" | "allowedHosts" | "publicApi">,
): void {
  // Its keys are secret, so that a page without one can read nothing under any name.
  if (publicApi !== undefined) return;
  const name = (header ?? "").replace(/:\d+$/, "").toLowerCase();
  const address = name.replace(/^\[|\]$/g, "");
  if (LOOPBACK_HOSTS.has(name) || name.endsWith(".localhost") || address === host.toLowerCase()) return;
  const isOpen = host === "0.0.0.0" || host === "::";
  if (isOpen && (name === "" || isIP(address) > 0 || PRIVATE_HOST_NAME.test(name))) return;
  if (
    allowedHosts.some((allowedHost) =>
      allowedHost.startsWith(".") ? `.${name}`.endsWith(allowedHost) : name === allowedHost,
    )
  )
    return;
  const hint = name === "" ? "" : `; start knock dev with --allow-host ${name} to accept it`;
  throw new ApiError(
    403,
    "authorization",
    `The Host header ${JSON.stringify(header ?? "")} is not a name of this server${hint}`,
  );
}

/**
 * Throws a 403 API error for a request from a page of another origin. Routes under `/__knock/` and services can
 * change everything and need no key. Links, images and frames send no `Origin` header, but browsers send `Sec-Fetch-Site`, in which a
 * displayed email counts as another site.
 */
export function checkOrigin(context: RequestContext, { host, port }: Pick<HandlerOptions, "host" | "port">): void {
  const origin = context.header("origin");
  const url = origin !== undefined && URL.canParse(origin) ? new URL(origin) : null;
  const name = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
  const isLocal = url !== null && LOOPBACK_HOSTS.has(url.hostname);
  // The port of a container may be mapped. An IP address, unlike a name, cannot be pointed at this server by a website.
  const isSame = url !== null && url.host === context.header("host") && (isLocal || isIP(name) > 0 || name === host);
  const site = context.header("sec-fetch-site");
  const isOwn = origin === undefined || isSame || (isLocal && url?.port === String(port));
  if (isOwn && site !== "cross-site" && site !== "same-site") return;
  throw new ApiError(
    403,
    "authorization",
    `Pages of other origins cannot use ${context.path.startsWith("/__knock/") ? "/__knock/" : context.path}`,
  );
}
