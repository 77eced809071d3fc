import { TrieRouter } from "hono/router/trie-router";
import type { RequestContext } from "./request-context.js";

type Handler = (context: RequestContext) => void | Promise<void>;

interface Match {
  handler: Handler;
  endpoint: string;
  /** The path parameters, still encoded. */
  params: Record<string, string>;
}

/**
 * Limits the remembered matches and the length of their paths. An application sends most of its requests to a few paths,
 * and finding the route again would take 2% of a trigger's time.
 */
const MAX_REMEMBERED_MATCHES = 1_000;
const MAX_REMEMBERED_LENGTH = 200;

/** Finds the handler of a method and path. If several match, the handler that was added first is used. */
export class Router {
  private readonly trie = new TrieRouter<{ handler: Handler; endpoint: string }>();
  private readonly matches = new Map<string, Match | null>();

  /** Adds a handler. An endpoint is `GET /v1/users/{id}`; a parameter may have a pattern, as in `{place:[0-9]+}`. */
  add(endpoint: string, handler: Handler): void {
    const [method = "", path = ""] = endpoint.split(" ");
    this.trie.add(method, path.replaceAll(/\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}/g, toPathParameter), {
      handler,
      endpoint,
    });
  }

  /**
   * Returns the handler of a request and stores its path parameters in the context. Returns null if no route matches.
   */
  find(context: RequestContext): Handler | null {
    const endpoint = `${context.isHead ? "GET" : context.method} ${context.path}`;
    let match = this.matches.get(endpoint);
    if (match === undefined) {
      match = this.search(context);
      if (this.matches.size >= MAX_REMEMBERED_MATCHES) this.matches.clear();
      if (endpoint.length <= MAX_REMEMBERED_LENGTH) this.matches.set(endpoint, match);
    }
    if (match === null) return null;
    context.params = match.params;
    context.route = match.endpoint;
    return match.handler;
  }

  private search(context: RequestContext): Match | null {
    const [[first]] = this.trie.match(context.isHead ? "GET" : context.method, context.path);
    if (first === undefined) return null;
    const [found, params] = first;
    return { ...found, params: params as Record<string, string> }; // other routers of the package return indices
  }
}

function toPathParameter(_match: string, name: string, pattern: string | undefined): string {
  return pattern === undefined ? `:${name}` : `:${name}{${pattern}}`;
}

/** Sorts routes so that fixed words come before parameters, because the first matching route is used. */
export function sortRoutes<T extends { endpoint: string }>(routes: readonly T[]): T[] {
  const ranked = routes.map((route) => {
    const parts = route.endpoint.split("/").map((part) => (part.startsWith("{") ? "1" : "0"));
    return { route, rank: parts.join("") };
  });
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));
  return ranked.map(({ route }) => route);
}
