import { describe, expect, it } from "vitest";
import { createDefaultEnvironment } from "../../../src/domain/environment/environment.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { EngineContext } from "../../../src/engine/context/engine-context.js";
import { resolveFetch } from "../../../src/engine/context/resolve-outbound-queries.js";
import type { OutboundRequest } from "../../../src/ports/http-client.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";

const ORIGIN = { workflow: "w", step: "http_1", recipient: toRecipientKey("ana"), triggered_at: 0 };

/** Returns the requests that a rendered URL causes, and the response that the step receives. */
async function resolveWithAllowList(allow: string[], url: string) {
  const sent: OutboundRequest[] = [];
  const fetcher = {
    fetch: async (request: OutboundRequest) => {
      sent.push(request);
      return { status: 200, text: "" };
    },
  };
  const environment = {
    ...createDefaultEnvironment(),
    fetch: { allow, answers: [] },
    private_addresses: ["10.0.0.0/8"],
  };
  const request = { method: "get", url, headers: {}, body: null, timeout_ms: 1_000 };
  const context = { httpClient: fetcher } as unknown as EngineContext;
  const answer = await resolveFetch(context, environment, { request, origin: ORIGIN });
  return { sent, answer };
}

describe("resolveFetch", () => {
  it.each([
    ["get", "https://api.example.com/a?x=1", "exact"],
    ["get", "https://api.example.com/a?x=2", "any query"],
    ["get", "https://api.example.com/a", "any query"],
    ["get", "https://api.example.com/", "root"],
    ["post", "https://api.example.com/a?x=1", null],
    ["get", "https://api.example.com/a/b?x=1", null],
  ])(
    "an answer without a query matches %s %s with any query, unless another is exact: %s",
    async (method, url, text) => {
      const answers = [
        { url: "https://api.example.com/a", body: "any query" },
        { url: "https://api.example.com/a?x=1", body: "exact" },
        { url: "https://api.example.com", body: "root" },
      ];
      const environment = parseEnvironment({ fetch: { answers } }, "environment.json");
      const request = { method, url, headers: {}, body: null, timeout_ms: 1_000 };
      const undeclared: string[] = [];
      const context = {
        onUndeclaredRequest: (found: { url?: string }) => undeclared.push(found.url ?? ""),
      } as unknown as EngineContext;
      const found = await resolveFetch(context, environment, { request, origin: ORIGIN });
      expect(found).toMatchObject(text === null ? { failure: "connection" } : { status: 200, text });
      expect(undeclared).toEqual(text === null ? [url] : []);
    },
  );

  it.each<[string, string]>([
    ["http://127.0.0.1:1", "http://127.0.0.1:1@other.host/"],
    ["https://api.example.com", "https://api.example.com.evil.net/"],
    ["https://api.example.com/v1/", "https://api.example.com/v1/../admin"],
    ["https://api.example.com/", "https://user:pw@api.example.com/"],
  ])("E-293 with %s allowed, no request is sent to %s", async (entry, url) => {
    const { sent, answer } = await resolveWithAllowList([entry], url);
    expect(sent).toEqual([]);
    expect(answer).toMatchObject({ failure: "connection" });
    expect(JSON.stringify(answer)).not.toContain("pw");
  });

  it("E-293 sends requests that an allowed entry permits, and passes on the private addresses that the project lists", async () => {
    const { sent } = await resolveWithAllowList(["http://127.0.0.1:3000/api/"], "http://127.0.0.1:3000/api/p/1?full=1");
    expect(sent).toMatchObject([{ url: "http://127.0.0.1:3000/api/p/1?full=1", private_addresses: ["10.0.0.0/8"] }]);
  });
});
