import { KnockError, type Warning } from "../../../errors/knock-error.js";
import { createRedact, type Redact } from "../../../remote/create-redact.js";
import { toConnectionFailure } from "../../../remote/http/connection-failure.js";
import { Interruption } from "../../../remote/http/interruption.js";
import { openTransport } from "../../../remote/http/open-transport.js";
import type { ProxySettings } from "../../../remote/http/proxy-settings.js";
import { type HttpTransport, TransportError, type TransportResponse } from "../../../remote/http/transport.js";
import { isJsonObject, type Json, type JsonObject } from "../../../util/json.js";
import type { CommentApi } from "./post-target.js";

const TIMEOUT_MS = 30_000;

/** The maximum number of pages, in case a server always names a next one. */
const MAX_PAGES = 100;

/** A request without a successful response. `message` is a reason without secrets. */
export class RequestFailure extends Error {
  constructor(
    message: string,
    readonly facts: {
      /** Null without a response. */
      status: number | null;
      headers?: Record<string, string>;
      /** The server's own explanation, or an empty text. */
      explanation?: string;
      /** Whether another attempt may succeed, apart from the status. */
      retryable?: boolean;
      hint?: Warning["hint"];
    },
  ) {
    super(message);
  }
}

interface ClientOptions {
  userAgent: string;
  proxy: ProxySettings;
  signal: AbortSignal;
}

/** Sends requests of one attempt each to the API of a code host. */
export class CommentClient {
  private readonly redact: Redact;
  private readonly interruption: Interruption;
  private transport: Promise<HttpTransport> | null = null;

  constructor(
    private readonly api: CommentApi,
    private readonly options: ClientOptions,
  ) {
    this.redact = createRedact(api.token);
    this.interruption = new Interruption(options.signal);
  }

  /** Returns the body of a 2xx response. Throws a `RequestFailure`, or `interrupted`. */
  async send(method: "GET" | "POST" | "PATCH" | "PUT", path: string, body: JsonObject | null = null): Promise<Json> {
    return this.parse(await this.request(method, path, body));
  }

  /** Yields the comments page by page. Both services name the next page in the header `Link`. */
  async *list(): AsyncIterable<JsonObject> {
    const { listPath, listQuery } = this.api;
    let query: string | null = listQuery;
    for (let pages = 0; query !== null; pages++) {
      if (pages === MAX_PAGES)
        throw new RequestFailure(`there are more than ${MAX_PAGES} pages of comments`, { status: null });
      const response = await this.request("GET", `${listPath}${query}`, null);
      const comments = this.parse(response);
      if (!Array.isArray(comments))
        throw new RequestFailure(`${this.api.base.host} sent no list of comments`, { status: null });
      yield* comments.filter(isJsonObject);
      query = getNextQuery(response.headers.link);
    }
  }

  async close(): Promise<void> {
    await (await this.transport)?.close();
  }

  private async request(method: string, path: string, body: JsonObject | null): Promise<TransportResponse> {
    const { api, options, interruption } = this;
    const { base } = api;
    this.transport ??= openTransport(base, { timeoutMs: TIMEOUT_MS, proxy: options.proxy });
    const transport = await this.transport;
    const headers = {
      ...api.headers,
      "User-Agent": options.userAgent,
      ...(body === null ? {} : { "Content-Type": "application/json" }),
    };
    let response: TransportResponse;
    try {
      if (interruption.isInterrupted) throw new KnockError("interrupted", "interrupted");
      response = await transport.request({
        method,
        path: `${base.prefix}${path}`,
        headers,
        body: body === null ? null : JSON.stringify(body),
        timeoutMs: TIMEOUT_MS,
        interruption,
      });
    } catch (error) {
      if (interruption.isInterrupted) throw new KnockError("interrupted", "interrupted", { cause: error });
      if (error instanceof TransportError) throw this.toFailure(error);
      throw error;
    }
    const { status } = response;
    if (status >= 200 && status < 300) return response;
    const explanation = this.redact(findExplanation(response.text));
    throw new RequestFailure(
      `${base.host} answered with status ${status}${explanation === "" ? "" : `: ${explanation}`}`,
      { status, headers: response.headers, explanation, retryable: true },
    );
  }

  private toFailure({ kind, cause }: TransportError): RequestFailure {
    const { host } = this.api.base;
    if (kind === "timeout")
      return new RequestFailure(`no response from ${host} within ${TIMEOUT_MS / 1_000} seconds`, { status: null });
    if (kind === "connect_timeout")
      return new RequestFailure(`no connection to ${host}`, { status: null, retryable: true });
    if (kind === "too_large") return new RequestFailure(`the response of ${host} is too large`, { status: null });
    const { message, retryable, hint } = toConnectionFailure(cause);
    return new RequestFailure(`could not reach ${host}: ${this.redact(message)}`, {
      status: null,
      retryable,
      hint: hint === undefined ? undefined : "Add the certificate of its authority with NODE_EXTRA_CA_CERTS.",
    });
  }

  private parse({ text }: TransportResponse): Json {
    try {
      return JSON.parse(text) as Json;
    } catch {
      throw new RequestFailure(`${this.api.base.host} sent a response that is not JSON`, { status: null });
    }
  }
}

/**
 * Returns the query of the page that a `Link` header names as the next one, or null. Only its query is used, because a server behind
 * a proxy may not know its own address.
 */
function getNextQuery(link = ""): string | null {
  const next = link.split(",").find((part) => part.includes('rel="next"'));
  const url = next?.slice(next.indexOf("<") + 1, next.indexOf(">"));
  return url !== undefined && URL.canParse(url) ? new URL(url).search : null;
}

/**
 * Returns why a request failed, in the server's words. GitHub sends `message` and `errors` with a message each; GitLab sends
 * `message`, a text or an object, or `error`.
 */
function findExplanation(text: string): string {
  let body: Json;
  try {
    body = JSON.parse(text) as Json;
  } catch {
    return "";
  }
  if (!isJsonObject(body)) return "";
  const { message = body.error, errors } = body;
  const details = Array.isArray(errors) ? errors.filter(isJsonObject).map((error) => error.message) : [];
  return [message, ...details]
    .filter((part) => part !== undefined && part !== null)
    .map((part) => (typeof part === "string" ? part : JSON.stringify(part)))
    .join(": ");
}
