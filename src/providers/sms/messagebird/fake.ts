import { createHash, createHmac } from "node:crypto";
import { toIsoTime } from "../../../util/iso-time.js";
import type { JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = { api_key: "fake-access-key", phone_number: "+12025550143", webhook_signing_key: "fake-signing-key" };

const reject = (status: number, code: number, description: string, parameter: string | null = null): FakeResponse => ({
  status,
  body: { errors: [{ code, description, parameter }] },
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** MessageBird's SMS API and its status reports. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `AccessKey ${SETTINGS.api_key}`)
      return reject(401, 2, "Request not allowed (incorrect access_key)", "access_key");
    if (method !== "POST" || path !== "/messages") return reject(404, 98, "Not found");
    for (const name of ["originator", "body"])
      if (getField(body, name) === undefined) return reject(422, 9, `${name} is required`, name);
    const { recipients, reference } = body as JsonObject;
    if (!Array.isArray(recipients) || !recipients.every((number) => /^[1-9]\d{6,14}$/.test(String(number))))
      return reject(422, 9, "no (correct) recipients found", "recipient");
    return {
      status: 201,
      body: { id: "e8077d803532c0b5937c639b60216938", direction: "mt", reference: reference ?? null },
    };
  },
  failures: {
    unauthorized: fail("permanent", reject(401, 2, "Request not allowed (incorrect access_key)", "access_key")),
    invalid_recipient: fail("bounced", reject(422, 9, "no (correct) recipients found", "recipient")),
    invalid_sender: fail("permanent", reject(422, 9, "originator is invalid", "originator")),
    no_balance: fail("permanent", reject(402, 25, "Not enough balance")),
    rate_limited: fail("temporary", reject(429, 101, "Too many requests"), 5),
    internal_error: fail("temporary", reject(500, 99, "Internal error")),
  },
  events: ["delivered", "bounced", "undelivered"],
  buildWebhook({ type, message_id, at }, to) {
    const url = new URL(to);
    const fields = {
      id: "e8077d803532c0b5937c639b60216938",
      reference: message_id,
      recipient: "15550000001",
      status: type === "delivered" ? "delivered" : "delivery_failed",
      statusDatetime: toIsoTime(at),
      statusReason:
        type === "delivered"
          ? "successfully delivered"
          : type === "bounced"
            ? "unknown subscriber"
            : "carrier rejected",
    };
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
    const nbf = Math.floor(at / 1_000);
    const url_hash = createHash("sha256").update(url.href).digest("hex");
    const content = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ iss: "MessageBird", nbf, exp: nbf + 60, url_hash })}`;
    const signature = createHmac("sha256", SETTINGS.webhook_signing_key).update(content).digest("base64url");
    return {
      method: "GET",
      url: url.href,
      headers: { "messagebird-signature-jwt": `${content}.${signature}` },
      body: "",
    };
  },
};
