import { createHmac } from "node:crypto";
import { encodeBasic, type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { buildCallbackUrl } from "../parse-sms.js";

const SETTINGS = {
  authentication_id: "MAFAKE0123456789ABCD",
  authentication_token: "fake-plivo-token-0123",
  phone_number: "+12025550143",
};
const API_ID = "f96f2a3c-1b1c-11f0-8c3a-0242ac110004";

const reject = (status: number, error: string): FakeResponse => ({ status, body: { api_id: API_ID, error } });

/** Plivo's Message API and its status callbacks. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== encodeBasic(SETTINGS.authentication_id, SETTINGS.authentication_token))
      return reject(401, "authentication failed");
    if (method !== "POST" || path !== `/v1/Account/${SETTINGS.authentication_id}/Message/`)
      return reject(404, "not found");
    for (const name of ["src", "dst", "text"])
      if (getField(body, name) === undefined) return reject(400, `${name} parameter is mandatory`);
    if (!/^\+?[1-9]\d{6,14}$/.test(getField(body, "dst") as string))
      return reject(400, "dst is not a valid phone number");
    const message_uuid = ["db3ce55a-7f1d-11e1-8ea7-1231380bc196"];
    return { status: 202, body: { message: "message(s) queued", message_uuid, api_id: API_ID } };
  },
  failures: {
    unauthorized: fail("permanent", reject(401, "authentication failed")),
    invalid_recipient: fail("bounced", reject(400, "dst is not a valid phone number")),
    invalid_sender: fail("permanent", reject(400, "src parameter is invalid")),
    no_credit: fail("permanent", reject(402, "insufficient credit")),
    rate_limited: fail("temporary", reject(429, "too many requests"), 2),
    outage: fail("temporary", reject(500, "internal server error")),
  },
  events: ["delivered", "bounced", "undelivered"],
  buildWebhook({ type, message_id }, to) {
    const url = buildCallbackUrl(to, message_id);
    const fields: Record<string, string> = {
      ...(type === "delivered" ? {} : { ErrorCode: type === "bounced" ? "50" : "30" }),
      From: "12025550143",
      MessageUUID: "db3ce55a-7f1d-11e1-8ea7-1231380bc196",
      Status: type === "delivered" ? "delivered" : "undelivered",
      To: "15550000001",
    };
    const nonce = "12345678901234567890";
    const sorted = Object.keys(fields)
      .sort()
      .map((name) => `${name}${fields[name]}`)
      .join("");
    const signature = createHmac("sha256", SETTINGS.authentication_token)
      .update(`${url}.${sorted}.${nonce}`)
      .digest("base64");
    return {
      url,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-plivo-signature-v3": signature,
        "x-plivo-signature-v3-nonce": nonce,
      },
      body: new URLSearchParams(fields).toString(),
    };
  },
};
