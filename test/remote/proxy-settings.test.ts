import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { createApiClient } from "../../src/remote/api-client.js";
import { readProxySettings } from "../../src/remote/http/proxy-settings.js";
import { openUndiciTransport } from "../../src/remote/http/undici-transport.js";
import { startStubApi } from "../helpers/stub-api.js";
import { buildClientOptions, catchRejection, createFakeClock } from "./open-options.js";

const started: Server[] = [];
afterEach(() => {
  for (const server of started.splice(0)) server.closeAllConnections();
});

const reject = (socket: Duplex): unknown => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");

/** Starts a proxy that handles every connection in the same way, and records the requested hosts. */
async function startProxy(handle: (socket: Duplex) => unknown = reject): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket) => {
    asked.push(String(request.url));
    socket.on("error", () => {});
    handle(socket);
  });
  started.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

it("HTTPS_PROXY is used for the API's host, and its response is reported", async () => {
  const proxy = await startProxy();
  const client = createApiClient(
    buildClientOptions(
      { url: "https://api.example.test", apiKey: "sk_test_1" },
      { proxy: readProxySettings({ HTTPS_PROXY: proxy.url }), retries: 0 },
    ),
  );
  const error = await catchRejection(client.call("GET", "/v1/messages"));
  await client.close();
  expect(proxy.asked).toEqual(["api.example.test:443"]);
  expect(error).toMatchObject({
    code: "unreachable",
    message: "could not reach api.example.test: the proxy refused the connection (403)",
    hint: expect.stringContaining("HTTPS_PROXY"),
  });
});

it.each([
  ["api.example.test", false],
  [".example.test", false],
  ["other.test, example.test", false],
  ["*", false],
  ["other.test", true],
])("NO_PROXY=%s is applied to api.example.test", async (noProxy, isAsked) => {
  const proxy = await startProxy();
  const client = createApiClient(
    buildClientOptions(
      { url: "https://api.example.test", apiKey: "sk_test_1" },
      { proxy: readProxySettings({ HTTPS_PROXY: proxy.url, NO_PROXY: noProxy }), retries: 0 },
    ),
  );
  await catchRejection(client.call("GET", "/v1/messages"));
  await client.close();
  expect(proxy.asked.length > 0).toBe(isAsked);
});

const CONNECTED = "HTTP/1.1 200 OK\r\n\r\n";

it.each<[string, (socket: Duplex) => unknown, message: string]>([
  ["that closes the connection", (socket) => socket.end(), "the proxy closed the connection"],
  ["that resets the connection", (socket) => socket.destroy(), "the proxy closed the connection"],
  ["whose tunnels are closed", (socket) => socket.end(CONNECTED), "the connection was closed"],
])("a proxy %s is tried three times", async (_name, handle, message) => {
  const proxy = await startProxy(handle);
  const clock = createFakeClock();
  const url = proxy.url.replace("//", "//user:pw@");
  const client = createApiClient(
    buildClientOptions(
      { url: "https://api.example.test", apiKey: "sk_test_1" },
      { proxy: { url, noProxy: "" }, sleep: clock.sleep },
    ),
  );
  const error = await catchRejection(client.call("GET", "/v1/messages"));
  await client.close();
  expect(error).toMatchObject({ message: `could not reach api.example.test: ${message} (tried 3 times)` });
  expect({ asked: proxy.asked.length, slept: clock.slept }).toEqual({ asked: 3, slept: [500, 1_000] });
});

it.each<[string, (socket: Duplex) => unknown]>([
  ["the proxy does not respond", () => {}],
  ["the tunnel does not respond", (socket) => socket.write(CONNECTED)],
])("the limit for connecting applies if %s", async (_name, handle) => {
  const proxy = await startProxy(handle);
  const transport = openUndiciTransport({
    origin: "https://api.example.test",
    connectTimeoutMs: 50,
    ca: null,
    connections: 1,
    proxy: { url: proxy.url, noProxy: "" },
  });
  const request = { method: "GET", path: "/", headers: {}, body: null, timeoutMs: 60_000 };
  const error = await catchRejection(transport.request(request));
  await transport.close();
  expect(error).toMatchObject({ kind: "connect_timeout", head: null });
});

it("loopback addresses are reached directly", async () => {
  const proxy = await startProxy();
  const api = await startStubApi();
  api.expect({ method: "GET", path: "/v1/messages", reply: { json: { items: [] } } });
  const client = createApiClient(buildClientOptions(api, { proxy: readProxySettings({ https_proxy: proxy.url }) }));
  const { status } = await client.call("GET", "/v1/messages");
  await client.close();
  await api.finish();
  expect({ status, asked: proxy.asked }).toEqual({ status: 200, asked: [] });
});

it.each(["nonsense", "socks5://127.0.0.1:1080"])("HTTPS_PROXY=%s is rejected without being shown", (url) => {
  const open = () =>
    createApiClient(
      buildClientOptions({ url: "https://api.example.test", apiKey: "sk_test_1" }, { proxy: { url, noProxy: "" } }),
    );
  expect(open).toThrow(/^HTTPS_PROXY is not the URL of an HTTP proxy$/);
});

it("the environment is read as other programs do: lowercase names first", () => {
  expect(readProxySettings({})).toEqual({ url: null, noProxy: "" });
  expect(readProxySettings({ HTTPS_PROXY: "http://a", https_proxy: "http://b", NO_PROXY: "x" })).toEqual({
    url: "http://b",
    noProxy: "x",
  });
  expect(readProxySettings({ NO_PROXY: "x", no_proxy: "" }).noProxy).toBe("");
  expect(readProxySettings({ HTTPS_PROXY: "http://a", https_proxy: "" }).url).toBe("http://a");
});
