import { TrieRouter } from "hono/router/trie-router";
import type { RequestContext } from "./request-context.js";

type Handler = (context: RequestContext) => void | Promise<void>;

/** Finds what answers a method and a path; of several, what was added first. */
export class Router {
  private readonly trie = new TrieRouter<Handler>();

  /** `on` is `GET /v1/users/{id}`; a part may say what it matches: `{place:[0-9]+}`. */
  add(endpoint: string, handler: Handler): void {
    const [method = "", path = ""] = endpoint.split(" ");
    this.trie.add(method, path.replaceAll(/\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}/g, toPathParameter), handler);
  }

  /** Gives the exchange its parts of the path. Null where nothing answers. */
  find(context: RequestContext): Handler | null {
    const method = context.isHead ? "GET" : context.method;
    const [[first]] = this.trie.match(method, context.path);
    if (first === undefined) return null;
    const [handler, params] = first;
    context.params = params as Record<string, string>; // this router has texts, others places of texts
    return handler;
  }
}

function toPathParameter(_whole: string, name: string, pattern: string | undefined): string {
  return pattern === undefined ? `:${name}` : `:${name}{${pattern}}`;
}
