import { setMaxListeners } from "node:events";
import { parseBaseUrl } from "../domain/request/parse-base-url.js";
import { type ApiRequest, buildApiHeaders } from "../domain/trigger/api-request.js";
import { KnockError } from "../errors/knock-error.js";
import { formatDuration } from "../util/duration.js";
import type { JsonObject } from "../util/json.js";
import { once } from "../util/once.js";
import { createRedact } from "./create-redact.js";
import { decideRetry, type RetryPolicy } from "./decide-request-retry.js";
import { checkApiKey, checkHeaderValue } from "./header-value.js";
import { type ConnectionFailure, createConnectionError, toConnectionFailure } from "./http/connection-failure.js";
import { Interruption } from "./http/interruption.js";
import { type ConnectionOptions, getConnectTimeout, openTransport } from "./http/open-transport.js";
import { checkProxy } from "./http/proxy-settings.js";
import { TransportError } from "./http/transport.js";
import { type ApiResponse, ResponseReader } from "./response-reader.js";
import { toApiError } from "./to-api-error.js";
import { VerboseLog } from "./verbose-log.js";

export interface ApiClientOptions extends ConnectionOptions {
  baseUrl: string;
  /** The flag, variable or setting that the base URL comes from, for errors. */
  baseUrlSource?: string;
  apiKey: string;
  branch: string | null;
  userAgent: string;
  /** Throws for a request that must not be sent. */
  guardRequest?: ((request: ApiRequest) => void) | undefined;
  /** Attempts after the first one. Default: 2, which is also the maximum until the server has responded once. */
  retries?: number;
  /** Called when the API refuses a request because of its rate limit, with the milliseconds until the next attempt. */
  onRateLimited?: ((waitMs: number) => void) | undefined;
  /** Receives each line of the requests and responses, without secrets. Default: requests are not logged. */
  log?: ((line: string) => void) | undefined;
  /** Interrupts every request and every wait. */
  signal?: AbortSignal | undefined;
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  random?: () => number;
  now?: () => number;
}

interface SendOptions {
  signal?: AbortSignal | undefined;
  /**
   * The hint if the API may have processed a failed request. Such a request is not safe to repeat, so it is not sent again then.
   * Default: the request is safe to repeat.
   */
  uncertainHint?: string;
  /** Whether the request removes a resource, so that a repeated request for a missing one has succeeded before. */
  isRemoval?: boolean;
}

/** Retries failed attempts. */
export interface ApiClient {
  readonly responseReader: ResponseReader;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly now: () => number;
  /**
   * Returns a 2xx response, or the 404 of a removal that an attempt without a response has probably made. Throws KnockError after
   * the retries.
   */
  send(request: ApiRequest, options?: SendOptions): Promise<ApiResponse>;
  /** Sends a request with this client's headers. */
  call(
    method: ApiRequest["method"],
    path: string,
    options?: SendOptions & { body?: JsonObject | null },
  ): Promise<ApiResponse>;
  close(): Promise<void>;
}

/** Attempts after the first one. More do not help against a server that never responds: its address is probably wrong. */
const DEFAULT_RETRIES = 2;

/** The statuses of servers that have failed while they processed a request, or that lost the response. */
const UNCERTAIN_STATUSES: ReadonlySet<number> = new Set([500, 502, 504]);

export function createApiClient(options: ApiClientOptions): ApiClient {
  const base = parseBaseUrl(options.baseUrl, options.baseUrlSource);
  checkApiKey(options.apiKey);
  checkHeaderValue(options.branch ?? "", "branch");
  checkProxy(options.proxy);
  const redact = createRedact(options.apiKey);
  const responseReader = new ResponseReader(base.host, redact);
  // Each retry that waits has a listener. Node would warn about more than ten.
  if (options.signal !== undefined) setMaxListeners(0, options.signal);
  const pause = options.sleep ?? sleepOrThrow;
  const sleep: ApiClient["sleep"] = (milliseconds, signal) =>
    pause(milliseconds, combineSignals(options.signal, signal));
  const policy: RetryPolicy = {
    retries: options.retries ?? DEFAULT_RETRIES,
    random: options.random ?? Math.random,
    now: options.now ?? Date.now,
  };
  const log = options.log === undefined ? null : new VerboseLog(options.log, base, redact);
  const processInterruption = options.signal === undefined ? undefined : new Interruption(options.signal);
  let isOpened = false;
  let hasResponded = false;
  const openOnce = once(() => {
    isOpened = true;
    return openTransport(base, options);
  });

  async function send(
    request: ApiRequest,
    { signal: callSignal, uncertainHint, isRemoval = false }: SendOptions = {},
  ): Promise<ApiResponse> {
    options.guardRequest?.(request);
    const signal = combineSignals(options.signal, callSignal);
    const interruption =
      signal === undefined || signal === options.signal ? processInterruption : new Interruption(signal);
    let mayBeProcessed = false;
    for (let retries = 0; ; retries++) {
      log?.logRequest(request, retries + 1);
      const sentAt = performance.now();
      const outcome = await tryOnce(request, interruption);
      log?.logOutcome(outcome, performance.now() - sentAt);
      const isConnectionFailure = "kind" in outcome;
      hasResponded ||= !isConnectionFailure || outcome.kind === "broken";
      if (!isConnectionFailure && outcome.status >= 200 && outcome.status < 300)
        return mayBeProcessed ? { ...outcome, isRepeated: true } : outcome;
      mayBeProcessed ||= isConnectionFailure ? outcome.mayBeProcessed : UNCERTAIN_STATUSES.has(outcome.status);
      const retryable = uncertainHint === undefined || !mayBeProcessed;
      const { delay_ms: delay, retry_after_ms } = decideRetry(
        isConnectionFailure
          ? { status: null, retryable: retryable && outcome.retryable, headers: {} }
          : { status: outcome.status, retryable, headers: outcome.headers },
        retries,
        hasResponded ? policy : { ...policy, retries: Math.min(policy.retries, DEFAULT_RETRIES) },
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
        const error = isConnectionFailure ? createConnectionError(outcome, context) : toApiError(outcome, context);
        if (isRemoval && mayBeProcessed && !isConnectionFailure && error.code === "resource_missing") return outcome;
        throw mayBeProcessed && uncertainHint !== undefined ? error.copyWith({ hint: uncertainHint }) : error;
      }
      log?.logRetry(delay);
      if (!isConnectionFailure && outcome.status === 429) options.onRateLimited?.(delay);
      await pause(delay, signal);
    }
  }

  async function tryOnce(
    request: ApiRequest,
    interruption: Interruption | undefined,
  ): Promise<ApiResponse | ConnectionFailure> {
    const transport = await openOnce();
    if (interruption?.isInterrupted) throw new KnockError("interrupted", "interrupted");
    try {
      return await transport.request({
        method: request.method,
        path: base.prefix + request.path,
        headers: request.headers,
        body: request.body === null ? null : JSON.stringify(request.body),
        timeoutMs: options.timeoutMs,
        interruption,
      });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (interruption?.isInterrupted) throw createInterruptedError(request);
      return toFailure(error);
    }
  }

  /** Describes why an attempt has no complete response. Throws `remote_failed` for a response that is too large. */
  function toFailure({ kind, head, cause }: TransportError): ConnectionFailure {
    const timeout = formatTimeout(options.timeoutMs);
    const unreachable = (message: string, mayBeProcessed: boolean): ConnectionFailure => ({
      kind: "unreachable",
      message,
      retryable: true,
      mayBeProcessed,
      cause,
    });
    if (kind === "timeout")
      return unreachable(`no ${head === null ? "" : "complete "}response within ${timeout}`, true);
    if (kind === "connect_timeout")
      return unreachable(`no connection within ${formatTimeout(getConnectTimeout(options))}`, false);
    if (head === null) return toConnectionFailure(cause);
    if (kind === "too_large") throw responseReader.createInvalidResponseError(head, "its body is larger than 20 MB");
    const request_id = head.headers["x-request-id"];
    return {
      kind: "broken",
      message: "closed the connection during the response",
      retryable: true,
      mayBeProcessed: true,
      cause,
      status: head.status,
      request_id: request_id === undefined ? undefined : redact(request_id),
    };
  }

  return {
    responseReader,
    sleep,
    now: policy.now,
    send,
    call: (method, path, { body = null, ...sendOptions } = {}) =>
      send({ method, path, headers: buildApiHeaders(options, body !== null), body }, sendOptions),
    async close() {
      if (isOpened) await (await openOnce()).close();
    },
  };
}

async function sleepOrThrow(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    const { setTimeout: wait } = await import("node:timers/promises");
    await wait(milliseconds, undefined, signal ? { signal } : {});
  } catch {
    throw new KnockError("interrupted", "interrupted");
  }
}

/** Returns a signal that either of two signals aborts. */
function combineSignals(first: AbortSignal | undefined, second: AbortSignal | undefined): AbortSignal | undefined {
  if (first === undefined || second === undefined || first === second) return first ?? second;
  return AbortSignal.any([first, second]);
}

/** Returns the error for a request that was interrupted after it was sent. */
function createInterruptedError({ method }: ApiRequest): KnockError {
  const hint = method === "GET" ? undefined : "The API may have received the request.";
  return new KnockError("interrupted", "interrupted", { hint });
}

function formatTimeout(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : formatDuration(milliseconds);
}
