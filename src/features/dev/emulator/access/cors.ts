import type { Environment } from "../../../../domain/environment/environment.js";
import { isLoopback } from "../../../../util/is-loopback.js";
import { ApiError } from "../http/api-error.js";
import type { Route } from "./route.js";

/** The CORS headers of all routes that are open to public keys. */
const CORS_HEADERS = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers":
    "Authorization, Content-Type, X-Knock-User-Token, X-Knock-Client, X-Knock-Branch, X-Knock-Scene, Idempotency-Key",
  "access-control-expose-headers": "x-request-id, retry-after, idempotent-replayed, original-x-request-id",
  "access-control-max-age": "600",
};
const NO_HEADERS: Record<string, string> = {};

/**
 * Returns whether pages of an origin may read responses: local pages, and the origins listed in `environment.json`.
 * Without this check, any website that the developer visits could read feeds and preferences, because every public key
 * is accepted.
 */
export function isPermittedOrigin(origin: string, { allowed_origins }: Pick<Environment, "allowed_origins">): boolean {
  if (allowed_origins.includes(origin)) return true;
  const url = URL.canParse(origin) ? new URL(origin) : null;
  return url !== null && /^https?:$/.test(url.protocol) && isLoopback(url.hostname);
}

/** Returns the error for a page that may not read responses. */
export function createForbiddenOriginError(origin: string): ApiError {
  return new ApiError(
    403,
    "authorization",
    `Pages of ${origin} may not use this API; "allowed_origins": [${JSON.stringify(origin)}] in environment.json permits it`,
  );
}

interface CrossOriginRequest {
  method: string;
  path: string;
  /** The origin of a page that may read the response; undefined for all other requests. */
  origin: string | undefined;
  /** The method that a preflight asks about; undefined for other requests. */
  requestedMethod: string | undefined;
}

/**
 * Returns a function that builds the CORS headers of a response. Only routes for public keys have them.
 */
export function createCorsHeaderBuilder(
  routes: readonly Route[],
): (request: CrossOriginRequest) => Record<string, string> {
  const publicPatterns = routes
    .filter((route) => route.publicAccess !== undefined)
    .map(({ endpoint }) => new RegExp(`^${endpoint.replaceAll(/[.$]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+")}$`));
  return ({ method, path, origin, requestedMethod }) => {
    if (origin === undefined) return NO_HEADERS;
    const endpoint = `${method === "OPTIONS" ? requestedMethod : method} ${path}`;
    if (!publicPatterns.some((pattern) => pattern.test(endpoint))) return NO_HEADERS;
    return { "access-control-allow-origin": origin, vary: "Origin", ...CORS_HEADERS };
  };
}
