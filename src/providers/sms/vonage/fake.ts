import { createHmac } from "node:crypto";
import { toIsoTime } from "../../../util/iso-time.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = {
  api_key: "fakekey1",
  api_secret: "fake-vonage-secret",
  phone_number: "+12025550143",
  webhook_signing_key: "fake-signature-secret",
};

const reject = (status: string, text: string): FakeResponse => ({
  status: 200,
  body: { "message-count": "1", messages: [{ status, "error-text": text }] },
});

/** Vonage's SMS API and its delivery receipts. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, body }): FakeResponse {
    if (method !== "POST" || path !== "/sms/json") return { status: 404, body: "Not Found" };
    if (getField(body, "api_key") !== SETTINGS.api_key || getField(body, "api_secret") !== SETTINGS.api_secret)
      return reject("4", "Bad Credentials");
    for (const name of ["from", "to", "text"])
      if (getField(body, name) === undefined) return reject("2", `Missing ${name} param`);
    const to = getField(body, "to") as string;
    if (!/^[1-9]\d{6,14}$/.test(to)) return reject("3", "Invalid to address :: number");
    const result = {
      to,
      "message-id": "0A0000000123ABCD1",
      status: "0",
      "remaining-balance": "3.14",
      network: "12345",
    };
    return { status: 200, body: { "message-count": "1", messages: [result] } };
  },
  failures: {
    throttled: fail("temporary", reject("1", "Throughput Rate Exceeded")),
    unauthorized: fail("permanent", reject("4", "Bad Credentials")),
    internal_error: fail("temporary", reject("5", "Internal Error")),
    barred: fail("bounced", reject("7", "Number barred")),
    no_credit: fail("permanent", reject("9", "Quota Exceeded - rejected")),
    invalid_sender: fail("permanent", reject("15", "Illegal Sender Address - rejected")),
    outage: fail("temporary", { status: 503, body: "Service Unavailable" }),
  },
  events: ["delivered", "bounced", "undelivered"],
  buildWebhook({ type, message_id, at }) {
    const fields: Record<string, string> = {
      "api-key": SETTINGS.api_key,
      "client-ref": message_id,
      "err-code": type === "delivered" ? "0" : type === "bounced" ? "9" : "8",
      "message-timestamp": `${toIsoTime(at).slice(0, 19).replace("T", " ")} +0000`,
      messageId: "0A0000000123ABCD1",
      msisdn: "15550000001",
      nonce: "fe4a1f6e-0a3b-4c5c-9c1b-1d1f8d1f6a10",
      status: type === "delivered" ? "delivered" : "failed",
      timestamp: String(Math.floor(at / 1_000)),
      to: "12025550143",
    };
    const signed = Object.keys(fields)
      .sort()
      .map((name) => `&${name}=${fields[name]?.replace(/[&=]/g, "_")}`)
      .join("");
    const sig = createHmac("sha256", SETTINGS.webhook_signing_key).update(signed).digest("hex");
    return { headers: { "content-type": "application/json" }, body: JSON.stringify({ ...fields, sig }) };
  },
};
