import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { JsonObject } from "../../../../util/json.js";
import { Query } from "./query.js";
import { type BodyLimit, parseBody, readText } from "./read-body.js";

const NO_PARAMS: Record<string, string> = {};

/**
 * A request and its response as Node provides them. Creating a `Request`, a `Response` and their `Headers` took more
 * time than everything else that a request needs.
 */
export class RequestContext {
  /** The path as it was sent, still encoded, without the query. */
  readonly path: string;
  /** The path parameters of the route, still encoded. */
  params = NO_PARAMS;
  /** The endpoint of the route that was found; null without one. */
  route: string | null = null;
  /** The ID of the stored API key; null for a key without one. */
  keyId: string | null = null;
  /** The ID in the response's header; null before the response. */
  requestId: string | null = null;
  /** The ID of the workflow run that the request started; null if it started none. */
  workflowRunId: string | null = null;
  /** The origin of the page that sent the request, if its pages may read the response. */
  permittedOrigin: string | undefined;
  /** Likely mistakes in an accepted request, for the request log. */
  readonly warnings: string[] = [];
  private readonly search: string;
  private text: Promise<string> | undefined;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    /** How much of the body is read. */
    public bodyLimit: BodyLimit,
  ) {
    const url = toOriginForm(request.url ?? "/");
    const end = url.search(/[?#]/);
    this.path = end < 0 ? url : url.slice(0, end);
    this.search = end < 0 || url[end] === "#" ? "" : url.slice(end);
  }

  get method(): string {
    return this.request.method ?? "GET";
  }

  /** Whether only the headers are requested. Link previews send such requests. */
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

  /** All headers by lower-case name. */
  get headers(): Record<string, string> {
    const names = Object.keys(this.request.headers);
    return Object.fromEntries(names.map((name) => [name, this.header(name) ?? ""]));
  }

  /** Returns a decoded path parameter. An invalid encoding is returned unchanged. */
  param(name: string): string | undefined {
    const value = this.params[name];
    if (value === undefined || !value.includes("%")) return value;
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  }

  /** Returns the body as text, which is read once. Throws 413 if it is too large. */
  readText(): Promise<string> {
    this.text ??= readText(this.request, this.bodyLimit);
    return this.text;
  }

  /** Returns the body as text if it has been read; otherwise an empty text. */
  async getReadText(): Promise<string> {
    return (await this.text) ?? "";
  }

  /** Returns the body as a JSON object. Throws for any other body. */
  async readBody(): Promise<JsonObject> {
    return parseBody(await this.readText());
  }

  /**
   * Sends the whole response, unless one was already sent: a body that breaks off is rejected while its handler still
   * runs. Node omits the body for HEAD requests.
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

/** Reduces an absolute URL to its path and query. Clients that treat this server as a proxy send absolute URLs. */
function toOriginForm(url: string): string {
  if (url.startsWith("/") || !URL.canParse(url)) return url;
  const { pathname, search } = new URL(url);
  return pathname + search;
}
