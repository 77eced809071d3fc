import type { Route } from "./route.js";

/** */
const HEADERS = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers":
    "Authorization, Content-Type, X-Knock-User-Token, X-Knock-Client, X-Knock-Branch, Idempotency-Key",
  "access-control-expose-headers": "x-request-id, retry-after, idempotent-replayed, original-x-request-id",
  "access-control-max-age": "600",
};
const NONE: Record<string, string> = {};

export interface CrossOriginRequest {
  method: string;
  path: string;
  origin: string | undefined;
  /** Of a preflight: the method that is meant. */
  asked: string | undefined;
}

/**
 * The CORS headers of an answer: for pages, and only of what a public key may call. Any secret key is accepted here, so that
 * every site that somebody visits could otherwise read and change everything.
 */
export function corsHeaders(routes: readonly Route[]): (request: CrossOriginRequest) => Record<string, string> {
  const open = routes
    .filter((route) => route.open !== undefined)
    .map(({ on }) => new RegExp(`^${on.replaceAll(/[.$]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+")}$`));
  return ({ method, path, origin, asked }) => {
    if (origin === undefined) return NONE;
    const meant = `${method === "OPTIONS" ? asked : method} ${path}`;
    if (!open.some((pattern) => pattern.test(meant))) return NONE;
    return { "access-control-allow-origin": origin, vary: "Origin", ...HEADERS };
  };
}
