import { setTimeout as pause } from "node:timers/promises";
import { type ApiRequest, apiHeaders } from "../domain/trigger/trigger-request.js";
import { KnockError } from "../errors/knock-error.js";
import { formatDuration } from "../util/duration.js";
import type { JsonObject } from "../util/json.js";
import { AnswerReader } from "./answer-reader.js";
import type { ApiAnswer } from "./api-answer.js";
import { apiErrorOf } from "./api-error.js";
import { parseBaseUrl } from "./base-url.js";
import { type ConnectionFailure, connectionError, connectionFailureOf } from "./connection-failure.js";
import { checkApiKey, checkHeaderValue } from "./header-value.js";
import { openConnection, type ProxySettings } from "./open-connection.js";
import { createRedact } from "./redact.js";
import { decideRetry, type RetryPolicy } from "./retry.js";

export interface ApiClientOptions {
  baseUrl: string;
  apiKey: string;
  branch: string | null;
  /** The limit of one try: connecting, waiting and reading, in milliseconds. */
  timeoutMs: number;
  userAgent: string;
  /** None unless told. */
  proxy?: ProxySettings;
  /** Tries after the first; 2 unless told. */
  retries?: number;
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  random?: () => number;
  now?: () => number;
}

/** Only what is safe to repeat goes through here: every failed try may be tried again. */
export interface ApiClient {
  readonly read: AnswerReader;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly now: () => number;
  /** A 2xx answer, or a KnockError. Retries as say. */
  send(request: ApiRequest, signal?: AbortSignal): Promise<ApiAnswer>;
  /** `send` with this client's headers. */
  call(
    method: ApiRequest["method"],
    path: string,
    options?: { signal?: AbortSignal | undefined; body?: JsonObject | null },
  ): Promise<ApiAnswer>;
  close(): Promise<void>;
}

const MOST_BYTES = 20 * 1024 * 1024;

export function createApiClient(options: ApiClientOptions): ApiClient {
  const base = parseBaseUrl(options.baseUrl);
  checkApiKey(options.apiKey);
  checkHeaderValue(options.branch ?? "", "branch");
  const redact = createRedact(options.apiKey);
  const read = new AnswerReader(base.host, redact);
  const sleep = options.sleep ?? sleepReally;
  const policy: RetryPolicy = {
    retries: options.retries ?? 2,
    random: options.random ?? Math.random,
    now: options.now ?? Date.now,
  };
  const connection = openConnection(base, options.proxy ?? { url: null, except: "" }, options.timeoutMs);

  async function send(request: ApiRequest, signal?: AbortSignal): Promise<ApiAnswer> {
    for (let tried = 0; ; tried++) {
      const outcome = await tryOnce(request, signal);
      const lost = "kind" in outcome;
      if (!lost && outcome.status >= 200 && outcome.status < 300) return outcome;
      const { delay_ms: delay, asked_ms } = decideRetry(
        lost
          ? { status: null, retryable: outcome.retryable, headers: {} }
          : { status: outcome.status, retryable: true, headers: outcome.headers },
        tried,
        policy,
      );
      if (delay === null) {
        const context = {
          host: base.host,
          loopback: base.loopback,
          proxied: options.proxy?.url != null && !base.loopback,
          branch: options.branch,
          tries: tried + 1,
          asked_ms,
          redact,
        };
        throw lost ? connectionError(outcome, context) : apiErrorOf(outcome, context);
      }
      await sleep(delay, signal);
    }
  }

  async function tryOnce(request: ApiRequest, signal?: AbortSignal): Promise<ApiAnswer | ConnectionFailure> {
    const limit = AbortSignal.timeout(options.timeoutMs);
    let head: Pick<ApiAnswer, "status" | "headers"> | null = null;
    try {
      const response = await connection.request({
        origin: base.origin,
        method: request.method,
        path: base.prefix + request.path,
        headers: request.headers,
        body: request.body === null ? null : JSON.stringify(request.body),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      head = { status: response.statusCode, headers: flatten(response.headers) };
      return { ...head, text: await readText(response.body, () => read.fault(head!, "its body is larger than 20 MB")) };
    } catch (error) {
      if (error instanceof KnockError) throw error;
      if (signal?.aborted) throw new KnockError("interrupted", "Interrupted.");
      if (limit.aborted) {
        const words = `no answer within ${formatLimit(options.timeoutMs)}`;
        return { kind: "unreachable", words, retryable: true, cause: new Error("time-out") };
      }
      if (head === null) return connectionFailureOf(error);
      const request_id = head.headers["x-request-id"];
      return {
        kind: "broken",
        words: "broke its answer off",
        retryable: true,
        cause: error,
        status: head.status,
        request_id: request_id === undefined ? undefined : redact(request_id),
      };
    }
  }

  return {
    read,
    sleep,
    now: policy.now,
    send,
    call: (method, path, { signal, body = null } = {}) =>
      send({ method, path, headers: apiHeaders(options, body !== null), body }, signal),
    close: () => connection.destroy(),
  };
}

async function readText(body: AsyncIterable<Buffer>, tooLarge: () => KnockError): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop destroys the stream and its connection.
    if (bytes > MOST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

async function sleepReally(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, undefined, signal ? { signal } : {});
  } catch {
    throw new KnockError("interrupted", "Interrupted.");
  }
}

function formatLimit(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : formatDuration(milliseconds);
}
