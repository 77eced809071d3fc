import { expect, it } from "vitest";
import { startStubApi } from "./stub-api.js";

const headers = { authorization: "Bearer sk_a", accept: "application/json", "user-agent": "t" };

it.each([
  ["another path", "/v1/other", { headers }],
  ["another method", "/v1/x", { method: "DELETE", headers }],
  ["another key", "/v1/x", { headers: { ...headers, authorization: "Bearer sk_b" } }],
  ["a missing header", "/v1/x", { headers: { ...headers, accept: "text/html" } }],
  ["an unexpected body", "/v1/x", { method: "POST", headers, body: "{}" }],
])("finish() throws after %s", async (_name, path, init) => {
  const api = await startStubApi("sk_a");
  api.expect({ method: "GET", path: "/v1/x", reply: { json: {} } });
  expect((await fetch(api.url + path, init as RequestInit)).status).toBe(418);
  await expect(api.finish()).rejects.toThrow(/other requests than expected/);
});

it("finish() throws for an unused expectation and for an additional request", async () => {
  const unused = await startStubApi("sk_a");
  unused.expect({ method: "GET", path: "/v1/x", reply: {} });
  await expect(unused.finish()).rejects.toThrow("never came: GET /v1/x");
  const extra = await startStubApi("sk_a");
  await fetch(`${extra.url}/v1/x`, { headers });
  await expect(extra.finish()).rejects.toThrow("nothing more was expected");
});

it("finish() resolves after the expected requests, which receive their replies", async () => {
  const api = await startStubApi("sk_a");
  api.expect({
    method: "GET",
    path: "/v1/x?a=1",
    headers: { "x-a": /^b+$/, "x-c": null },
    reply: { json: { ok: true } },
  });
  const response = await fetch(`${api.url}/v1/x?a=1`, { headers: { ...headers, "x-a": "bb" } });
  expect(await response.json()).toEqual({ ok: true });
  await api.finish();
});
