import { isIP } from "node:net";
import type { HandlerOptions } from "../emulator-options.js";
import { ApiError } from "../http/api-error.js";
import type { RequestContext } from "../http/request-context.js";

const LOOPBACK_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Where everybody on the network finds a server that listens on all addresses, and nobody on the internet can have a name. */
const PRIVATE_HOST_NAME = /^[^.]+$|\.(?:internal|local|localhost|home\.arpa|test)$/;

/**
 * A page of the internet whose name was made to point here would have the browser send that name: only this machine's own
 * are answered, and those of `allowedHosts`, of which one that begins with a point stands for all below it. Who listens on
 * all addresses is reached by any address, which unlike a name cannot be made to point here, by names of its network, and
 * without a name, as no browser asks.
 */
export function checkHost(
  header: string | undefined,
  { host, allowedHosts = [] }: Pick<HandlerOptions, "host" | "allowedHosts">,
): void {
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
  const hint = name === "" ? "" : `; knock dev --allow-host ${name} lets it in`;
  throw new ApiError(
    403,
    "authorization",
    `The Host header ${JSON.stringify(header ?? "")} is none of this server's${hint}`,
  );
}

/**
 * The helpers change everything and ask for no key: pages of other origins must not reach them. Links, images and frames
 * send no origin, but browsers say whose they are: a shown e-mail counts as another's.
 */
export function checkOrigin(context: RequestContext, { host, port }: Pick<HandlerOptions, "host" | "port">): void {
  const origin = context.header("origin");
  const url = origin !== undefined && URL.canParse(origin) ? new URL(origin) : null;
  const name = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
  const isLocal = url !== null && LOOPBACK_HOSTS.has(url.hostname);
  // A container's port may be mapped; a number, unlike a name, cannot be made to point here.
  const isSame = url !== null && url.host === context.header("host") && (isLocal || isIP(name) > 0 || name === host);
  const site = context.header("sec-fetch-site");
  const isOwn = origin === undefined || isSame || (isLocal && url?.port === String(port));
  if (isOwn && site !== "cross-site" && site !== "same-site") return;
  throw new ApiError(403, "authorization", "Pages of other origins cannot use /__knock/");
}
