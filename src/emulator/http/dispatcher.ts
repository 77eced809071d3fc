import { TrieRouter } from "hono/router/trie-router";
import type { Exchange } from "./exchange.js";

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** Finds what answers a method and a path; of several, what was added first. */
export class Dispatcher {
  private readonly router = new TrieRouter<Handler>();

  /** `on` is `GET /v1/users/{id}`; a part may say what it matches: `{place:[0-9]+}`. */
  add(on: string, handler: Handler): void {
    const [method = "", path = ""] = on.split(" ");
    this.router.add(method, path.replaceAll(/\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}/g, partOf), handler);
  }

  /** Gives the exchange its parts of the path. Null where nothing answers. */
  find(exchange: Exchange): Handler | null {
    const method = exchange.isHead ? "GET" : exchange.method;
    const [[first]] = this.router.match(method, exchange.path);
    if (first === undefined) return null;
    const [handler, params] = first;
    exchange.params = params as Record<string, string>; // this router has texts, others places of texts
    return handler;
  }
}

function partOf(_whole: string, name: string, pattern: string | undefined): string {
  return pattern === undefined ? `:${name}` : `:${name}{${pattern}}`;
}
