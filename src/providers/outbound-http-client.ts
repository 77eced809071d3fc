import { Agent, request as send } from "undici";
import type { HttpClient, OutboundRequest, OutboundResponse } from "../ports/http-client.js";
import { createAddressGuard, type ResolveHost } from "../util/address-guard.js";

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const TIMEOUT_CODES = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ABORT_ERR",
]);

async function sendRequest(
  { method, url, headers, body, timeout_ms }: OutboundRequest,
  dispatcher: Agent,
): Promise<OutboundResponse> {
  const response = await send(url, {
    dispatcher,
    method: method.toUpperCase(),
    headers,
    body,
    signal: AbortSignal.timeout(timeout_ms),
    headersTimeout: timeout_ms,
    bodyTimeout: timeout_ms,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) {
      response.body.destroy();
      return { failure: "connection", message: "the response is larger than 10 MB" };
    }
    chunks.push(chunk as Buffer);
  }
  return { status: response.statusCode, text: Buffer.concat(chunks).toString("utf8") };
}

/** Creates the client for fetch and agent steps and for outbound webhooks. It connects to addresses that the guard permits. */
export function createOutboundHttpClient(resolve?: ResolveHost): HttpClient {
  // Connections are kept open, so requests with other permitted addresses must not share them.
  const agents = new Map<string, Agent>();
  const getAgent = (allowed: readonly string[]): Agent => {
    const key = allowed.join(" ");
    let agent = agents.get(key);
    if (agent === undefined) {
      agent = new Agent({
        connect: { lookup: createAddressGuard({ privateAddresses: allowed, isNamed: true, resolve }).lookup },
      });
      agents.set(key, agent);
    }
    return agent;
  };
  return {
    async fetch(request) {
      try {
        return await sendRequest(request, getAgent(request.private_addresses));
      } catch (error) {
        const { name, code = "", message } = error as Error & { code?: string };
        const isTimeout = name === "TimeoutError" || TIMEOUT_CODES.has(code);
        return isTimeout
          ? { failure: "timeout", message: `no response within ${request.timeout_ms / 1_000} s` }
          : { failure: "connection", message: message || code };
      }
    },
  };
}

export const outboundHttpClient: HttpClient = createOutboundHttpClient();
