import { TrieRouter } from "hono/router/trie-router";
import type { RequestContext } from "./request-context.js";

type Handler = (context: RequestContext) => void | Promise<void>;

/** Finds the handler of a method and path. If several match, the handler that was added first is used. */
export class Router {
  private readonly trie = new TrieRouter<Handler>();

  /** Adds a handler. An endpoint is `GET /v1/users/{id}`; a parameter may have a pattern, as in `{place:[0-9]+}`. */
  add(endpoint: string, handler: Handler): void {
    const [method = "", path = ""] = endpoint.split(" ");
    this.trie.add(method, path.replaceAll(/\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}/g, toPathParameter), handler);
  }

  /**
   * Returns the handler of a request and stores its path parameters in the context. Returns null if no route matches.
   */
  find(context: RequestContext): Handler | null {
    const method = context.isHead ? "GET" : context.method;
    const [[first]] = this.trie.match(method, context.path);
    if (first === undefined) return null;
    const [handler, params] = first;
    context.params = params as Record<string, string>; // TrieRouter returns texts, other routers return indices
    return handler;
  }
}

function toPathParameter(_match: string, name: string, pattern: string | undefined): string {
  return pattern === undefined ? `:${name}` : `:${name}{${pattern}}`;
}
