import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createApiClient } from "../../src/remote/api-client.js";
import { readProxySettings } from "../../src/remote/http/proxy-settings.js";
import { startStubApi } from "../helpers/stub-api.js";
import { buildClientOptions, catchRejection } from "./open-options.js";

const started: Server[] = [];
afterEach(() => {
  for (const server of started.splice(0)) server.closeAllConnections();
});

/** Starts a proxy that rejects every connection and records the requested hosts. */
async function startProxy(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket) => {
    asked.push(String(request.url));
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
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
});
