import { setTimeout as pause } from "node:timers/promises";
import { type ApiRequest, buildApiHeaders } from "../domain/trigger/api-request.js";
import { KnockError } from "../errors/knock-error.js";
import { formatDuration } from "../util/duration.js";
import type { JsonObject } from "../util/json.js";
import type { ApiResponse } from "./api-response.js";
import { type ConnectionFailure, createConnectionError, toConnectionFailure } from "./connection-failure.js";
import { createRedact } from "./create-redact.js";
import { decideRetry, type RetryPolicy } from "./decide-retry.js";
import { checkApiKey, checkHeaderValue } from "./header-value.js";
import { openConnection, type ProxySettings } from "./open-connection.js";
import { parseBaseUrl } from "./parse-base-url.js";
import { ResponseReader } from "./response-reader.js";
import { toApiError } from "./to-api-error.js";

export interface ApiClientOptions {
  baseUrl: string;
  apiKey: string;
  branch: string | null;
  /** Time limit of one attempt for connecting, waiting and reading, in milliseconds. */
  timeoutMs: number;
  userAgent: string;
  /** Default: no proxy. */
  proxy?: ProxySettings;
  /** Attempts after the first one. Default: 2. */
  retries?: number;
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  random?: () => number;
  now?: () => number;
}

/** Sends only requests that are safe to repeat: every failed attempt may be retried. */
export interface ApiClient {
  readonly responseReader: ResponseReader;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly now: () => number;
  /** Returns a 2xx response. Throws KnockError after the retries. */
  send(request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse>;
  /** Sends a request with this client's headers. */
  call(
    method: ApiRequest["method"],
    path: string,
    options?: { signal?: AbortSignal | undefined; body?: JsonObject | null },
  ): Promise<ApiResponse>;
  close(): Promise<void>;
}

const MAX_RESPONSE_BYTES = 20 * 1024 * 1024;

export function createApiClient(options: ApiClientOptions): ApiClient {
  const base = parseBaseUrl(options.baseUrl);
  checkApiKey(options.apiKey);
  checkHeaderValue(options.branch ?? "", "branch");
  const redact = createRedact(options.apiKey);
  const responseReader = new ResponseReader(base.host, redact);
  const sleep = options.sleep ?? sleepOrThrow;
  const policy: RetryPolicy = {
    retries: options.retries ?? 2,
    random: options.random ?? Math.random,
    now: options.now ?? Date.now,
  };
  const connection = openConnection(base, options.proxy ?? { url: null, noProxy: "" }, options.timeoutMs);

  async function send(request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse> {
    for (let retries = 0; ; retries++) {
      const outcome = await tryOnce(request, signal);
      const isConnectionFailure = "kind" in outcome;
      if (!isConnectionFailure && outcome.status >= 200 && outcome.status < 300) return outcome;
      const { delay_ms: delay, retry_after_ms } = decideRetry(
        isConnectionFailure
          ? { status: null, retryable: outcome.retryable, headers: {} }
          : { status: outcome.status, retryable: true, headers: outcome.headers },
        retries,
        policy,
      );
      if (delay === null) {
        const context = {
          host: base.host,
          loopback: base.isLoopback,
          proxied: options.proxy?.url != null && !base.isLoopback,
          branch: options.branch,
          tries: retries + 1,
          retry_after_ms,
          redact,
        };
        throw isConnectionFailure ? createConnectionError(outcome, context) : toApiError(outcome, context);
      }
      await sleep(delay, signal);
    }
  }

  async function tryOnce(request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse | ConnectionFailure> {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    let head: Pick<ApiResponse, "status" | "headers"> | null = null;
    try {
      const response = await connection.request({
        origin: base.origin,
        method: request.method,
        path: base.prefix + request.path,
        headers: request.headers,
        body: request.body === null ? null : JSON.stringify(request.body),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      head = { status: response.statusCode, headers: flattenHeaders(response.headers) };
      return {
        ...head,
        text: await readText(response.body, () =>
          responseReader.createInvalidResponseError(head!, "its body is larger than 20 MB"),
        ),
      };
    } catch (error) {
      if (error instanceof KnockError) throw error;
      if (signal?.aborted) throw new KnockError("interrupted", "Interrupted.");
      if (timeout.aborted) {
        const message = `no response within ${formatTimeout(options.timeoutMs)}`;
        return { kind: "unreachable", message, retryable: true, cause: new Error("time-out") };
      }
      if (head === null) return toConnectionFailure(error);
      const request_id = head.headers["x-request-id"];
      return {
        kind: "broken",
        message: "closed the connection during the response",
        retryable: true,
        cause: error,
        status: head.status,
        request_id: request_id === undefined ? undefined : redact(request_id),
      };
    }
  }

  return {
    responseReader,
    sleep,
    now: policy.now,
    send,
    call: (method, path, { signal, body = null } = {}) =>
      send({ method, path, headers: buildApiHeaders(options, body !== null), body }, signal),
    close: () => connection.destroy(),
  };
}

async function readText(body: AsyncIterable<Buffer>, tooLarge: () => KnockError): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop destroys the stream and its connection.
    if (bytes > MAX_RESPONSE_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function flattenHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

async function sleepOrThrow(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, undefined, signal ? { signal } : {});
  } catch {
    throw new KnockError("interrupted", "Interrupted.");
  }
}

function formatTimeout(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : formatDuration(milliseconds);
}
