import type KnockMgmt from "@knocklabs/mgmt";
import { parseBaseUrl } from "../../domain/request/parse-base-url.js";
import type { ApiRequest } from "../../domain/trigger/api-request.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { type ApiClient, type ApiClientOptions, createApiClient } from "../api-client.js";
import { NOT_KNOCK_API_HINT } from "../response-reader.js";

/** The connection to the management API. The limits of the other API also apply here: retries, time-outs, proxy and TLS. */
export type ManagementOptions = Omit<ApiClientOptions, "apiKey" | "branch"> & { serviceToken: string };

/** The official SDK, whose requests are sent by the client of this program. */
export interface ManagementClient {
  /** Calls the SDK, and throws its errors as a `KnockError`. */
  call<T>(request: (sdk: KnockMgmt) => PromiseLike<T>): Promise<T>;
  /** Returns the entries of all pages of a list. */
  listAll(request: (sdk: KnockMgmt) => PromiseLike<SdkPage>): Promise<JsonObject[]>;
  /** Returns the entries of all pages of a list that the SDK does not have. */
  listPath(path: string, query: Record<string, unknown>): Promise<JsonObject[]>;
  close(): Promise<void>;
}

/** A page of a list of the SDK. Its body is what the API sent. */
export interface SdkPage {
  iterPages(): AsyncIterable<unknown>;
}

/** Carries an error through the SDK, which replaces other errors of `fetch` with its own. */
class CarriedError extends Error {
  constructor(readonly error: unknown) {
    super("the request failed");
  }
}

/**
 * Opens the SDK of the management API. The SDK builds paths and queries and follows pages. Requests are sent and repeated by the
 * same client as those of the other API, so that proxies, certificates and errors are handled once.
 */
export async function openManagementClient({ serviceToken, ...options }: ManagementOptions): Promise<ManagementClient> {
  checkServiceToken(serviceToken);
  const base = parseBaseUrl(options.baseUrl, options.baseUrlSource);
  const api = createApiClient({ ...options, apiKey: serviceToken, branch: null });
  const { default: Sdk } = await import("@knocklabs/mgmt");
  const sdk = new Sdk({
    serviceToken,
    baseURL: base.origin + base.prefix,
    maxRetries: 0, // The client repeats requests itself.
    timeout: 24 * 60 * 60_000, // Each attempt has the client's own limit.
    logLevel: "off",
    fetch: createFetch(api, base.origin + base.prefix),
  });
  const run = async <T>(work: () => PromiseLike<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toKnockError(error, base.host);
    }
  };
  return {
    call: (request) =>
      run(async () => {
        const body = await request(sdk);
        if (body !== undefined && body !== null && !isJsonObject(body))
          throw createUnexpectedBodyError(base.host, "its body is not a JSON object");
        return body;
      }),
    listAll: (request) =>
      run(async () => {
        const entries: JsonObject[] = [];
        for await (const page of (await request(sdk)).iterPages()) {
          const { body } = page as { body?: unknown };
          entries.push(...readEntries(body, base.host));
        }
        return entries;
      }),
    listPath: (path, query) =>
      run(async () => {
        const entries: JsonObject[] = [];
        for (let after: unknown; ; ) {
          const body = await sdk.get<unknown>(path, { query: { ...query, ...(after ? { after } : {}) } });
          entries.push(...readEntries(body, base.host));
          const info = isJsonObject(body) ? body.page_info : null;
          after = isJsonObject(info) ? info.after : null;
          if (!after) return entries;
        }
      }),
    close: () => api.close(),
  };
}

/** Throws `authentication` for a text that cannot be a token, before it is sent. The token is never shown. */
function checkServiceToken(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw new KnockError("authentication", "the service token contains characters that are not allowed", {
    hint: "Check KNOCK_SERVICE_TOKEN or the profile for spaces and line breaks.",
  });
}

function createFetch(api: ApiClient, baseUrl: string) {
  return async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    try {
      const path = String(url).slice(baseUrl.length);
      const body = typeof init.body === "string" ? (JSON.parse(init.body) as JsonObject) : null;
      const { status, headers, text } = await api.call((init.method ?? "GET") as ApiRequest["method"], path, { body });
      const { "content-encoding": _encoding, "content-length": _length, ...rest } = headers;
      return new Response(text === "" ? null : text, { status, headers: rest });
    } catch (error) {
      throw new CarriedError(error);
    }
  };
}

/** Returns the entries of a page. The SDK takes any other body as an empty page, which would look like an empty account. */
function readEntries(body: unknown, host: string): JsonObject[] {
  const entries = isJsonObject(body) ? body.entries : null;
  if (Array.isArray(entries) && entries.every(isJsonObject)) return entries;
  throw createUnexpectedBodyError(host, "a list has no entries");
}

/** Returns the error for a response of another server. */
const createUnexpectedBodyError = (host: string, problem: string): KnockError =>
  new KnockError("remote_failed", `${host} did not respond like the management API: ${problem}`, {
    hint: NOT_MANAGEMENT_API_HINT,
  });

const NOT_MANAGEMENT_API_HINT =
  "Check the base URL of the management API (--management-url, KNOCK_MGMT_BASE_URL). A proxy may have responded instead of the API.";

/** Hints for the causes that differ from those of the other API. */
function getHint({ code, hint }: KnockError): string | undefined {
  if (code === "authentication")
    return "Check the service token: --service-token, KNOCK_SERVICE_TOKEN, or `knock auth login`.";
  if (code === "not_allowed") return "Use a service token with access to this environment.";
  if (code === "resource_missing") return "Check --environment and --branch. `knock branches list` shows the branches.";
  if (hint === NOT_KNOCK_API_HINT) return NOT_MANAGEMENT_API_HINT;
  return hint?.replace("(--base-url, KNOCK_BASE_URL)", "(--management-url, KNOCK_MGMT_BASE_URL)");
}

function toKnockError(error: unknown, host: string): unknown {
  const cause = isCarrier(error) ? error.cause : error;
  if (cause instanceof CarriedError)
    return cause.error instanceof KnockError ? cause.error.copyWith({ hint: getHint(cause.error) }) : cause.error;
  if (error instanceof KnockError) return error;
  // The SDK throws a SyntaxError for a body that is not JSON.
  return error instanceof SyntaxError ? createUnexpectedBodyError(host, "its body is invalid JSON") : error;
}

const isCarrier = (error: unknown): error is Error => error instanceof Error && error.cause instanceof CarriedError;
