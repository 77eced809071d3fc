import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { JsonObject } from "../../util/json.js";
import { Query } from "./query.js";
import { parseBody, readText } from "./read-body.js";

const NO_PARAMS: Record<string, string> = {};

/**
 * A request and its answer, as Node has them: making a `Request`, a `Response` and their `Headers` on the way took more
 * time than all else that a request needs.
 */
export class RequestContext {
  /** As it was sent, still encoded, without the query. */
  readonly path: string;
  /** The path's parts that the route names, still encoded. */
  params = NO_PARAMS;
  /** The run that it started. */
  workflowRunId: string | null = null;
  /** The origin of the page that asked, if its pages may read the answer. */
  permittedOrigin: string | undefined;
  /** What is probably wrong with what it started, for the request log. */
  readonly warnings: string[] = [];
  private readonly search: string;
  private text: Promise<string> | undefined;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    const url = toOriginForm(request.url ?? "/");
    const end = url.search(/[?#]/);
    this.path = end < 0 ? url : url.slice(0, end);
    this.search = end < 0 || url[end] === "#" ? "" : url.slice(end);
  }

  get method(): string {
    return this.request.method ?? "GET";
  }

  /** Those who look at a link before it is shown ask for its head alone. */
  get isHead(): boolean {
    return this.request.method === "HEAD";
  }

  get query(): Query {
    return new Query(this.search);
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** All of them by lower-case name. */
  get headers(): Record<string, string> {
    const names = Object.keys(this.request.headers);
    return Object.fromEntries(names.map((name) => [name, this.header(name) ?? ""]));
  }

  /** A part of the path, decoded; what cannot be decoded stays as it is. */
  param(name: string): string | undefined {
    const value = this.params[name];
    if (value === undefined || !value.includes("%")) return value;
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  }

  /** The body as text, read once. Throws 413 once it is too large. */
  readText(): Promise<string> {
    this.text ??= readText(this.request);
    return this.text;
  }

  /** The body as text; empty where nobody has read it. */
  async getReadText(): Promise<string> {
    return (await this.text) ?? "";
  }

  /** The body as a JSON object; throws for anything else. */
  async readBody(): Promise<JsonObject> {
    return parseBody(await this.readText());
  }

  /**
   * The whole answer, unless there is one: what breaks off within its body is refused meanwhile. Node leaves the body out
   * where only the head was asked for.
   */
  send(status: number, headers: OutgoingHttpHeaders, body?: string | Buffer): void {
    if (this.response.writableEnded) return;
    if (body !== undefined) headers["content-length"] = Buffer.byteLength(body);
    this.response.writeHead(status, headers);
    this.response.end(body);
  }

  sendText(status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
    this.send(status, { ...headers, "content-type": "text/plain; charset=utf-8" }, text);
  }
}

/** Clients that take this server for a proxy ask for the whole address. */
function toOriginForm(url: string): string {
  if (url.startsWith("/") || !URL.canParse(url)) return url;
  const { pathname, search } = new URL(url);
  return pathname + search;
}
