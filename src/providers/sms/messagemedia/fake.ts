import { generateKeyPairSync, sign } from "node:crypto";
import { toIsoTime } from "../../../util/iso-time.js";
import { filterObjects, isJsonObject } from "../../../util/json.js";
import { encodeBasic, type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });

const SETTINGS = {
  api_key: "fakekey0123456789",
  api_secret: "fake-messagemedia-secret",
  source_number: "+61491570156",
  region: "apac",
  webhook_signing_key: publicKey.export({ type: "spki", format: "pem" }).toString(),
};
const MESSAGE_ID = "04fe9a97-a579-43c5-bb1a-58ed29bf0a6a";

const reject = (status: number, message: string, details: string[] = []): FakeResponse => ({
  status,
  body: { message, details },
});

/** MessageMedia's Messages API and its delivery reports. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== encodeBasic(SETTINGS.api_key, SETTINGS.api_secret))
      return reject(401, "Invalid authentication credentials");
    if (method !== "POST" || path !== "/v1/messages") return reject(404, "Resource not found");
    const [message] = filterObjects(isJsonObject(body) ? body.messages : []);
    if (message === undefined || getField(message, "content") === undefined)
      return reject(400, "Invalid argument", ["content must not be blank"]);
    if (!/^\+[1-9]\d{6,14}$/.test(getField(message, "destination_number") ?? ""))
      return reject(400, "Invalid argument", ["destination_number must be a valid number"]);
    return { status: 202, body: { messages: [{ ...message, message_id: MESSAGE_ID, status: "queued" }] } };
  },
  failures: {
    unauthorized: fail("permanent", reject(401, "Invalid authentication credentials")),
    no_credit: fail("permanent", reject(402, "Insufficient credit")),
    invalid_recipient: fail("bounced", reject(400, "Invalid argument", ["destination_number must be a valid number"])),
    invalid_sender: fail("permanent", reject(400, "Invalid argument", ["source_number is not allowed"])),
    rate_limited: fail("temporary", reject(429, "Too many requests"), 1),
    outage: fail("temporary", reject(500, "Internal server error")),
  },
  events: ["delivered", "undelivered"],
  buildWebhook({ type, message_id, at }, to) {
    const body = JSON.stringify({
      message_id: MESSAGE_ID,
      status: type === "delivered" ? "delivered" : "rejected",
      status_code: type === "delivered" ? "220" : "320",
      date_received: toIsoTime(at),
      metadata: { knock_message_id: message_id },
    });
    const { pathname, search } = new URL(to);
    const date = new Date(at).toUTCString();
    const content = Buffer.from(`POST ${pathname}${search} HTTP/1.1${date}${body}`);
    const signature = sign("sha256", content, privateKey).toString("base64");
    return { headers: { "content-type": "application/json", date, "x-messagemedia-signature": signature }, body };
  },
};
