import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A response. `json` sets the body and its type; `cutAfter`, `delay`, `drop` and `raw` are faults of a server. */
export interface StubResponse {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  /** Announces the complete body and closes the connection after this many bytes. */
  cutAfter?: number;
  /** Milliseconds before the response. */
  delay?: number;
  /** Closes the connection without a response. */
  drop?: boolean;
  /** Writes bytes that are not HTTP. */
  raw?: string;
}

/** The next request in all its parts. Headers that are not named may have any value, except those of every request. */
export interface StubExpectation {
  method: string;
  /** The path with its query, as it is sent. */
  path: string;
  /** A null value means that the header must be absent. */
  headers?: Record<string, string | RegExp | null>;
  /** The body; undefined means that there must be none. */
  body?: unknown;
  /** Whether it matches all further requests, at least one. */
  isRepeated?: boolean;
  reply: StubResponse | ((request: ReceivedRequest) => StubResponse);
}

export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

export interface StubApi {
  /** The base URL for clients. */
  readonly url: string;
  readonly port: number;
  readonly apiKey: string;
  /** All requests so far, expected or not. */
  readonly requests: ReceivedRequest[];
  /** Adds the next expected requests, in order. */
  expect(...expectations: StubExpectation[]): void;
  /** Stops the server. Throws if a request was unexpected or wrong, or if an expectation was not used. */
  finish(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1 that checks every request: order, method, path, query, headers and JSON body. Point the built
 * command at it with KNOCK_BASE_URL and KNOCK_API_KEY.
 */
export async function startStubApi(apiKey = "sk_test_0123456789abcdefghij"): Promise<StubApi> {
  const expected: StubExpectation[] = [];
  const repeated = new Set<StubExpectation>();
  const faults: string[] = [];
  const requests: ReceivedRequest[] = [];

  const server = createServer(async (request, response) => {
    const receivedRequest = await readRequest(request);
    requests.push(receivedRequest);
    const expectation = expected[0]?.isRepeated ? expected[0] : expected.shift();
    if (expectation?.isRepeated) repeated.add(expectation);
    const fault =
      expectation === undefined ? "nothing more was expected" : describeMismatch(receivedRequest, expectation, apiKey);
    if (fault !== null) {
      faults.push(`${receivedRequest.method} ${receivedRequest.path}: ${fault}`);
      const json = { code: "stub_fault", message: fault, status: 418, type: "api_error" };
      return sendResponse(response, { status: 418, headers: { "x-should-retry": "false" }, json });
    }
    const answer = (expectation as StubExpectation).reply;
    sendResponse(response, typeof answer === "function" ? answer(receivedRequest) : answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    apiKey,
    requests,
    expect: (...expectations) => void expected.push(...expectations),
    async finish() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      const unused = expected
        .filter((expectation) => !repeated.has(expectation))
        .map(({ method, path }) => `never came: ${method} ${path}`);
      const all = [...faults, ...unused];
      if (all.length > 0) throw new Error(`The stub API saw other requests than expected:\n  ${all.join("\n  ")}`);
    },
  };
}

async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const { method = "", url = "", headers } = request;
  return { method, path: url, headers, body: text === "" ? undefined : parseBody(text) };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { not_json: text };
  }
}

function describeMismatch(request: ReceivedRequest, expectation: StubExpectation, apiKey: string): string | null {
  try {
    strictEqual(`${request.method} ${request.path}`, `${expectation.method} ${expectation.path}`);
    strictEqual(request.headers.authorization, `Bearer ${apiKey}`);
    strictEqual(request.headers.accept, "application/json");
    match(request.headers["user-agent"] ?? "", /\S/);
    strictEqual(request.headers["content-type"], expectation.body === undefined ? undefined : "application/json");
    for (const [name, value] of Object.entries(expectation.headers ?? {})) {
      const got = request.headers[name.toLowerCase()];
      if (value instanceof RegExp) match(String(got), value);
      else strictEqual(got, value ?? undefined, `header ${name}`);
    }
    deepStrictEqual(request.body, expectation.body);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function sendResponse(response: ServerResponse, answer: StubResponse): void {
  if (answer.delay !== undefined) {
    const { delay, ...rest } = answer;
    setTimeout(() => sendResponse(response, rest), delay).unref();
    return;
  }
  if (answer.drop) return void response.socket?.destroy();
  if (answer.raw !== undefined) return void response.socket?.end(answer.raw);
  const text = answer.json === undefined ? (answer.text ?? "") : JSON.stringify(answer.json);
  const type = answer.json === undefined ? {} : { "content-type": "application/json" };
  response.writeHead(answer.status ?? 200, {
    ...type,
    "x-request-id": "req_stub",
    ...(text === "" ? {} : { "content-length": String(Buffer.byteLength(text)) }),
    ...answer.headers,
  });
  if (answer.cutAfter === undefined) return void response.end(text);
  response.write(text.slice(0, answer.cutAfter), () => response.socket?.destroy());
}
