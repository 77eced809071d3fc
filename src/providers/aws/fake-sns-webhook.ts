import { createSign, generateKeyPairSync } from "node:crypto";
import { toIsoTime } from "../../util/iso-time.js";
import { once } from "../../util/once.js";
import type { FakeResponse, FakeWebhook } from "../fake-vendor.js";

const CERTIFICATE_PATH = "/SimpleNotificationService-fake.pem";

/** The key that signs. A public key is served as the certificate, because Node.js cannot create one. */
const createKeys = once(() =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  }),
);

/** Answers the request for the certificate of webhooks; null for any other request. */
export function respondWithCertificate({ method, path }: { method: string; path: string }): FakeResponse | null {
  return method === "GET" && path === CERTIFICATE_PATH ? { status: 200, body: createKeys().publicKey } : null;
}

/** Builds the signed notification of a topic. `at` is in milliseconds since 1970. */
export function buildSnsWebhook(topic: string, region: string, message: string, at: number): FakeWebhook {
  const fields = {
    Message: message,
    MessageId: "6a1f2b3c-0000-4000-8000-000000000001",
    Timestamp: toIsoTime(at),
    TopicArn: topic,
    Type: "Notification",
  };
  const content = Object.entries(fields).map(([name, value]) => `${name}\n${value}\n`);
  return {
    headers: { "content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification" },
    body: JSON.stringify({
      ...fields,
      SignatureVersion: "2",
      Signature: createSign("RSA-SHA256").update(content.join("")).sign(createKeys().privateKey, "base64"),
      SigningCertURL: `https://sns.${region}.amazonaws.com${CERTIFICATE_PATH}`,
    }),
  };
}
