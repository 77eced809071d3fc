import { Agent, request as send } from "undici";
import { ADDRESS_REFUSED, type AddressGuard, createAddressGuard, type ResolveHost } from "../util/address-guard.js";
import type { ApiFailure, ApiRequest, ApiResponse, SendRequest } from "./call-api.js";

/** Maximum size of a response. Providers respond with a few hundred bytes, so an endless response is not from a provider. */
const MAX_BODY_BYTES = 1024 * 1024;
const TIMEOUT_CODES = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
]);
/** Codes for requests that can never be sent: a header with a line break, an invalid URL, an address that is not permitted. */
const MALFORMED_CODES = new Set(["UND_ERR_INVALID_ARG", "ERR_INVALID_URL", "ERR_INVALID_CHAR", ADDRESS_REFUSED]);

async function readBody(body: AsyncIterable<Buffer> & { destroy(): void }): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      body.destroy();
      return null;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function sendHttpRequest(
  agent: Agent,
  { method, url, headers, body, timeout_ms }: ApiRequest,
): Promise<ApiResponse | ApiFailure> {
  const response = await send(url, {
    dispatcher: agent,
    method: method.toUpperCase(),
    // Some vendors refuse requests without it.
    headers: { "user-agent": "knock-cli", ...headers },
    body,
    signal: AbortSignal.timeout(timeout_ms),
  });
  const text = await readBody(response.body);
  if (text === null) return { failure: "connection", message: "the answer is larger than 1 MB", code: "" };
  const plain = Object.entries(response.headers).map(([name, value]): [string, string] => [
    name,
    [value ?? ""].flat().join(", "),
  ]);
  return { status: response.statusCode, headers: Object.fromEntries(plain), text };
}

function toApiFailure(error: unknown, timeoutMs: number): ApiFailure {
  const { name, code = "", message } = error as Error & { code?: unknown };
  const known = String(code);
  if (name === "TimeoutError" || TIMEOUT_CODES.has(known))
    return { failure: "timeout", message: `no response within ${timeoutMs / 1_000} s`, code: known };
  const failure = MALFORMED_CODES.has(known) ? "malformed" : "connection";
  return { failure, message: message || known || name, code: known };
}

interface HttpClientOptions {
  /** Addresses and ranges that are not public but may be requested. */
  privateAddresses?: () => Promise<readonly string[]>;
  resolve?: ResolveHost;
}

/** Opens a client with pools of connections to addresses that the guard permits. `close` closes them. */
export function openHttpClient({ privateAddresses, resolve }: HttpClientOptions = {}): {
  sendRequest: SendRequest;
  close: () => Promise<void>;
} {
  const agents = new Map<string, { agent: Agent; guard: AddressGuard }>();
  // Connections are kept open, so requests with other permitted addresses must not share them.
  const getAgent = (allowed: readonly string[], isNamed: boolean) => {
    const key = `${isNamed} ${allowed.join(" ")}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const guard = createAddressGuard({ privateAddresses: allowed, isNamed, resolve });
    const created = { agent: new Agent({ connect: { lookup: guard.lookup } }), guard };
    agents.set(key, created);
    return created;
  };
  return {
    sendRequest: async (request) => {
      try {
        const { agent, guard } = getAgent((await privateAddresses?.()) ?? [], request.from_data !== true);
        guard.checkHost(new URL(request.url));
        return await sendHttpRequest(agent, request);
      } catch (error) {
        return toApiFailure(error, request.timeout_ms);
      }
    },
    close: async () => {
      for (const { agent } of agents.values()) await agent.destroy();
    },
  };
}
