import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ProviderWebhook } from "../../src/ports/provider.js";
import type { JsonObject } from "../../src/util/json.js";
import { buildChannel, MESSAGE_ID, NOW, ProviderHarness } from "../helpers/provider-harness.js";

const URL_OF_CHANNEL = "https://hooks.lark.test/v1/providers/out/events";
const SECONDS = String(NOW / 1_000);
const TIME = new Date(NOW).toISOString();
const SECRET = "secret-0123456789";
const ed25519 = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });

const hmac = (text: string, encoding: "base64" | "base64url" | "hex") =>
  createHmac("sha256", SECRET).update(text).digest(encoding);
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

interface VendorCase {
  provider: string;
  /** The vendor's list of statuses and codes. */
  source: string;
  settings: JsonObject;
  key?: string;
  build: (status: string, code: string) => ProviderWebhook;
  /** The types of events by status and code; null for a report that has no effect. */
  expected: [status: string, code: string, type: string | null][];
}

const CASES: VendorCase[] = [
  {
    provider: "sms_sinch",
    source: "https://developers.sinch.com/docs/sms/api-reference/sms/tag/Delivery-reports/",
    settings: { api_token: "$KEY", service_plan_id: "p", region: "eu", webhook_signing_key: "$KEY" },
    build(status, code) {
      const type = "recipient_delivery_report_sms";
      const body = JSON.stringify({ type, status, code: Number(code), at: TIME, client_reference: MESSAGE_ID });
      const header = "x-sinch-webhook-signature";
      const headers = {
        [header]: hmac(`${body}.nonce.${SECONDS}`, "base64"),
        ...{ [`${header}-nonce`]: "nonce", [`${header}-timestamp`]: SECONDS },
      };
      return { url: URL_OF_CHANNEL, headers, body };
    },
    expected: [
      ["Queued", "400", null],
      ["Dispatched", "401", null],
      ["Delivered", "0", "delivered"],
      ["Aborted", "402", "bounced"],
      ["Aborted", "412", "undelivered"],
      ["Rejected", "408", "undelivered"],
      ["Deleted", "408", "bounced"],
      ["Failed", "404", "undelivered"],
      ["Expired", "406", "undelivered"],
      ["Cancelled", "407", "undelivered"],
      ["Unknown", "403", null],
    ],
  },
  {
    provider: "sms_telnyx",
    source: "https://developers.telnyx.com/docs/messaging/messages/error-codes",
    settings: { api_key: "$KEY", sender_id: "Lark", webhook_signing_key: "$PUBLIC" },
    key: Buffer.from(ed25519.publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64"),
    build(status, code) {
      const payload = {
        to: [{ phone_number: "+15550000001", status }],
        tags: ["other", `knock_message_id=${MESSAGE_ID}`],
        errors: code === "" ? [] : [{ code, title: "said" }],
      };
      const body = JSON.stringify({ data: { event_type: "message.finalized", occurred_at: TIME, payload } });
      const signature = sign(null, Buffer.from(`${SECONDS}|${body}`), ed25519.privateKey).toString("base64");
      const headers = { "telnyx-timestamp": SECONDS, "telnyx-signature-ed25519": signature };
      return { url: URL_OF_CHANNEL, headers, body };
    },
    expected: [
      ["sent", "", null],
      ["delivered", "", "delivered"],
      ["delivery_failed", "40001", "bounced"],
      ["delivery_failed", "40012", "bounced"],
      ["delivery_failed", "40300", "bounced"],
      ["delivery_failed", "40002", "undelivered"],
      ["sending_failed", "40008", "undelivered"],
      ["delivery_unconfirmed", "", null],
    ],
  },
  {
    provider: "sms_vonage",
    source: "https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts",
    settings: { api_key: "k", api_secret: "$KEY", sender_id: "Lark", webhook_signing_key: "$KEY" },
    build(status, code) {
      const fields: Record<string, string> = {
        ...{ "client-ref": MESSAGE_ID, "err-code": code, "message-timestamp": TIME.slice(0, 19).replace("T", " ") },
        ...{ status, timestamp: SECONDS },
      };
      const sig = hmac(
        Object.keys(fields)
          .sort()
          .map((name) => `&${name}=${fields[name]}`)
          .join(""),
        "hex",
      );
      return { url: URL_OF_CHANNEL, headers: {}, body: new URLSearchParams({ ...fields, sig }).toString() };
    },
    expected: [
      ["accepted", "0", null],
      ["buffered", "0", null],
      ["delivered", "0", "delivered"],
      ["failed", "3", "bounced"],
      ["failed", "4", "bounced"],
      ["failed", "9", "bounced"],
      ["failed", "2", "undelivered"],
      ["rejected", "11", "bounced"],
      ["rejected", "6", "undelivered"],
      ["expired", "1", "undelivered"],
      ["unknown", "99", null],
    ],
  },
  {
    provider: "sms_plivo",
    source: "https://www.plivo.com/docs/messaging/troubleshooting/error-codes",
    settings: { authentication_id: "MA1", authentication_token: "$KEY", sender_id: "Lark" },
    build(status, code) {
      const headers = {
        "x-plivo-signature-v2": hmac(`${URL_OF_CHANNEL}nonce`, "base64"),
        "x-plivo-signature-v2-nonce": "nonce",
      };
      const body = new URLSearchParams({ Status: status, ErrorCode: code }).toString();
      return { url: `${URL_OF_CHANNEL}?message_id=${MESSAGE_ID}`, headers, body };
    },
    expected: [
      ["queued", "", null],
      ["sent", "", null],
      ["delivered", "000", "delivered"],
      ["undelivered", "50", "bounced"],
      ["undelivered", "70", "bounced"],
      ["failed", "200", "bounced"],
      ["undelivered", "80", "undelivered"],
      ["failed", "30", "undelivered"],
      ["rejected", "40", "undelivered"],
    ],
  },
  {
    provider: "sms_messagebird",
    source: "https://developers.messagebird.com/api/sms-messaging/#sms-statuses",
    settings: { api_key: "$KEY", sender_id: "Lark", webhook_signing_key: "$KEY" },
    build(status, reason) {
      const query = new URLSearchParams({
        ...{ reference: MESSAGE_ID, status, statusReason: reason, statusDatetime: TIME },
      });
      const url = `${URL_OF_CHANNEL}?${query}`;
      const url_hash = createHash("sha256").update(url).digest("hex");
      const content = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ iss: "MessageBird", nbf: Number(SECONDS), url_hash })}`;
      return { url, headers: { "messagebird-signature-jwt": `${content}.${hmac(content, "base64url")}` }, body: "" };
    },
    expected: [
      ["sent", "pending DLR", null],
      ["buffered", "", null],
      ["delivered", "successfully delivered", "delivered"],
      ["delivery_failed", "unknown subscriber", "bounced"],
      ["delivery_failed", "opted out", "bounced"],
      ["delivery_failed", "carrier rejected", "undelivered"],
      ["expired", "expired", "undelivered"],
    ],
  },
  {
    provider: "sms_messagemedia",
    source: "https://messagemedia.github.io/documentation/#tag/Delivery-Reports",
    settings: {
      api_key: "k",
      api_secret: "$KEY",
      source_number: "Lark",
      region: "apac",
      webhook_signing_key: "$PUBLIC",
    },
    key: rsa.publicKey.export({ type: "spki", format: "pem" }).toString(),
    build(status, error_code) {
      const body = JSON.stringify({
        ...{ status, error_code, date_received: TIME },
        metadata: { knock_message_id: MESSAGE_ID },
      });
      const date = new Date(NOW).toUTCString();
      const content = Buffer.from(`POST /v1/providers/out/events HTTP/1.1${date}${body}`);
      const signature = sign("sha256", content, rsa.privateKey).toString("base64");
      return { url: URL_OF_CHANNEL, headers: { date, "x-messagemedia-signature": signature }, body };
    },
    expected: [
      ["enroute", "200", null],
      ["submitted", "210", null],
      ["held", "212", null],
      ["delivered", "220", "delivered"],
      ["expired", "311", "undelivered"],
      ["rejected", "320", "undelivered"],
      ["undeliverable", "302", "undelivered"],
      ["failed", "340", "undelivered"],
    ],
  },
];

describe.each(CASES)("a report of $provider", ({ provider, settings, key, build, expected }) => {
  it.each(expected)("with the status %s and %j is %s", async (status, code, type) => {
    const harness = new ProviderHarness({ KEY: SECRET, PUBLIC: key ?? "" });
    const events = await harness.readEvents(buildChannel("sms", provider, settings), build(status, code));
    const isFailure = type === "bounced" || type === "undelivered";
    const reason = { reason: expect.stringContaining(code === "" ? status : code) };
    expect(events).toEqual(
      type === null ? [] : [{ message_id: MESSAGE_ID, type, at: NOW, ...(isFailure ? reason : {}) }],
    );
    await harness.close();
  });
});
