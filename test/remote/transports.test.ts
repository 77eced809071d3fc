import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApiClient } from "../../src/remote/api-client.js";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../helpers/loopback-certificate.js";
import { startStubApi } from "../helpers/stub-api.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

const API_KEY = "sk_test_0123456789abcdefghij";

describe.each([
  ["Node's client", 1],
  ["undici", 4],
])("TLS with %s", (_name, concurrency) => {
  let server: Server;
  let url: string;
  beforeEach(async () => {
    server = createServer({ cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY }, (_request, response) => {
      response.end('{"id":"1"}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("trusts the authorities of the given file", async () => {
    const options = buildClientOptions({ url, apiKey: API_KEY }, { concurrency, ca: LOOPBACK_CERTIFICATE });
    const client = createApiClient(options);
    expect((await client.call("GET", "/v1/x")).text).toBe('{"id":"1"}');
    await client.close();
  });

  it("rejects a certificate of an unknown authority at the first attempt", async () => {
    const clock = createFakeClock();
    const client = createApiClient(buildClientOptions({ url, apiKey: API_KEY }, { concurrency, sleep: clock.sleep }));
    const error = await catchRejection(client.call("GET", "/v1/x"));
    await client.close();
    expect(error).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("its TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)"),
      hint: expect.stringContaining("Set KNOCK_CA_FILE"),
      attempts: 1,
    });
    expect(clock.slept).toEqual([]);
  });
});

describe.each([
  ["Node's client", 1],
  ["undici", 4],
])("requests with %s", (_name, concurrency) => {
  it.each(["POST", "PUT", "DELETE"] as const)("%s sends its body", async (method) => {
    const api = await startStubApi(API_KEY);
    const body = { name: "Zoé" };
    api.expect({ method, path: "/v1/x", body, headers: { "content-length": "15" }, reply: { json: {} } });
    const client = createApiClient(buildClientOptions(api, { concurrency }));
    await client.call(method, "/v1/x", { body });
    await client.close();
    await api.finish();
  });
});

describe("the log of requests", () => {
  it("has every attempt with its headers and bodies, and no key", async () => {
    const api = await startStubApi(API_KEY);
    const failed = { status: 503, headers: { "retry-after": "2" }, json: { message: `no ${API_KEY}` } };
    const request = { method: "POST", path: "/v1/x", body: { page: "Home" } };
    api.expect(
      { ...request, reply: failed },
      { ...request, reply: { drop: true } },
      { ...request, reply: { json: { id: "1" } } },
    );
    const lines: string[] = [];
    const log = (line: string): void => {
      lines.push(line.replace(/\d+ ms$/, "N ms").replace(/after \d+ ms/, "after N ms"));
    };
    const client = createApiClient(buildClientOptions(api, { log, sleep: createFakeClock().sleep }));
    await client.call("POST", "/v1/x", { body: { page: "Home" } });
    await client.close();
    await api.finish();
    const headers = [
      "> authorization: Bearer sk_…redacted",
      "> content-type: application/json",
      "> accept: application/json",
      "> user-agent: knock-cli/test",
      '> {"page":"Home"}',
    ];
    expect(lines).toEqual([
      `> POST ${api.url}/v1/x`,
      ...headers,
      "< HTTP 503 in N ms",
      "< x-request-id: req_stub",
      "< retry-after: 2",
      '< {"message":"no [redacted]"}',
      "* trying again in N ms",
      `> POST ${api.url}/v1/x (attempt 2)`,
      ...headers,
      "< no complete response after N ms: the connection was closed",
      "* trying again in N ms",
      `> POST ${api.url}/v1/x (attempt 3)`,
      ...headers,
      "< HTTP 200 in N ms",
      "< x-request-id: req_stub",
      '< {"id":"1"}',
    ]);
  });
});
