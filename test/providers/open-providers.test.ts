import { afterEach, beforeEach, expect, it } from "vitest";
import type { Channel } from "../../src/domain/environment/environment.js";
import { getProviderCatalog } from "../../src/providers/catalog.js";
import { openProviders } from "../../src/providers/open-providers.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { buildChannel, buildEmailMessage, ProviderHarness } from "../helpers/provider-harness.js";

let target: HttpTestServer;
beforeEach(async () => {
  target = await startHttpTestServer();
});
afterEach(() => target.close());

it("openProviders finds a provider for every entry of the catalog, and no other", async () => {
  const providers = openProviders({ variables: {} });
  const of = (type: string, provider: string) => ({ type, provider, settings: {} }) as unknown as Channel;
  for (const { type, names } of getProviderCatalog())
    for (const name of names) expect(providers.findProvider(of(type, name)), name).not.toBeNull();
  expect(providers.findProvider(of("email", "email_sandbox"))).toBeNull();
  expect(providers.findProvider(of("sms", "smtp"))).toBeNull();
  await providers.close();
});

it.each([
  ["is not set", {}],
  ["is empty", { MAIL_KEY: "" }],
])("a variable that %s fails the message, and the reason names channel and variable", async (_title, variables) => {
  const bench = new ProviderHarness(variables);
  expect(await bench.send(buildChannel("email", "resend", { api_key: "$MAIL_KEY" }), buildEmailMessage())).toEqual({
    status: "failed",
    retryable: false,
    reason: 'channel "out": the environment variable MAIL_KEY is not set (settings.api_key refers to it)',
  });
  await bench.close();
});

it("every setting accepts an environment variable, and an invalid value is reported by its name", async () => {
  target.respondWith({ json: { id: "1" } });
  const bench = new ProviderHarness({ KEY: "key-0123", URL: `${target.url}/proxy/`, LATE: "soon" });
  const resend = (timeout_ms: string | number) =>
    buildChannel("email", "resend", { api_key: "$KEY", base_url: "$URL", timeout_ms });
  expect(await bench.send(resend(1_000), buildEmailMessage())).toMatchObject({ status: "sent" });
  expect(target.requests[0]?.path).toBe("/proxy/emails");
  expect(await bench.send(resend("$LATE"), buildEmailMessage())).toMatchObject({
    status: "failed",
    retryable: false,
    reason: 'channel "out": settings.timeout_ms must be a whole number above 0',
  });
  await bench.close();
});
