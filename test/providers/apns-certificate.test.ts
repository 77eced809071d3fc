import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type Http2TestServer, startHttp2TestServer } from "../helpers/http2-test-server.js";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../helpers/loopback-certificate.js";
import { buildChannel, buildMessage, ProviderHarness } from "../helpers/provider-harness.js";

const push = () => buildMessage("push", { token: "device-1", title: "T", body: "B", data: {} });
const otherKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const OTHER_KEY = otherKey.export({ type: "pkcs8", format: "pem" }).toString();

let apple: Http2TestServer;
let bench: ProviderHarness;
beforeEach(async () => {
  apple = await startHttp2TestServer({ cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY, ca: LOOPBACK_CERTIFICATE });
  bench = new ProviderHarness({
    CERT: LOOPBACK_CERTIFICATE.replaceAll("\n", "\\n"),
    CERT_BASE64: Buffer.from(LOOPBACK_CERTIFICATE).toString("base64"),
    KEY: LOOPBACK_KEY,
    OTHER_KEY,
    CA: LOOPBACK_CERTIFICATE,
  });
});
afterEach(async () => {
  await bench.close();
  await apple.close();
});

const apns = (settings: JsonObject = {}) =>
  buildChannel("push", "push_apns", {
    bundle_id: "test.lark.app",
    certificate: "$CERT",
    private_key: "$KEY",
    ca: "$CA",
    base_url: apple.url.replace("127.0.0.1", "localhost"),
    ...settings,
  });

it("CH-141 APNs with a certificate identifies the connection, and no request carries a token", async () => {
  expect(await bench.send(apns(), push())).toMatchObject({ status: "sent" });
  expect(await bench.send(apns({ certificate: "$CERT_BASE64" }), push())).toMatchObject({ status: "sent" });
  expect(apple.clients).toEqual(["localhost", "localhost"]);
  expect(apple.requests[0]?.headers).toMatchObject({ ":path": "/3/device/device-1", "apns-topic": "test.lark.app" });
  expect(apple.requests[0]?.headers).not.toHaveProperty("authorization");
});

it("CH-141 APNs reports a certificate that Apple rejects as one final failure, and omits it without a certificate", async () => {
  apple.respondWith({ status: 403, json: { reason: "BadCertificate" } });
  expect(await bench.send(apns(), push())).toMatchObject({
    status: "failed",
    retryable: false,
    reason: "APNs responded 403: BadCertificate",
  });
});

it.each([
  [{ certificate: "$KEY" }, "settings.certificate is not a certificate in PEM form"],
  [{ private_key: "$CERT" }, "settings.private_key is not a private key in PEM form"],
  [{ private_key: "$OTHER_KEY" }, "settings.private_key is not the key of settings.certificate"],
] as [JsonObject, string][])(
  "CH-141 APNs reports an unusable certificate as a final failure: %j",
  async (settings, reason) => {
    expect(await bench.send(apns(settings), push())).toEqual({ status: "failed", retryable: false, reason });
    expect(apple.sessions).toBe(0);
  },
);
