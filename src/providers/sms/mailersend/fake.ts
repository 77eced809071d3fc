import type { JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = { api_key: "mlsn.fake0123456789", phone_number: "+12025550143" };

const reject = (status: number, message: string): FakeResponse => ({ status, body: { message } });

/** MailerSend's SMS API. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.api_key}`) return reject(401, "Unauthenticated.");
    if (method !== "POST" || path !== "/v1/sms") return reject(404, "Resource not found.");
    for (const name of ["from", "text"])
      if (getField(body, name) === undefined) return reject(422, `The ${name} field is required.`);
    const { to } = body as JsonObject;
    if (!Array.isArray(to) || !to.every((number) => /^\+[1-9]\d{6,14}$/.test(String(number))))
      return reject(422, "The to.0 must be a valid phone number.");
    return { status: 202, headers: { "x-sms-message-id": "5e42957d51f1d94a1070a733" }, body: "" };
  },
  failures: {
    unauthorized: fail("permanent", reject(401, "Unauthenticated.")),
    no_quota: fail("permanent", reject(402, "You have reached your SMS quota.")),
    invalid_recipient: fail("bounced", reject(422, "The to.0 must be a valid phone number.")),
    invalid_sender: fail("permanent", reject(422, "The from field is not a number of this account.")),
    rate_limited: fail("temporary", reject(429, "Too Many Attempts."), 60),
    outage: fail("temporary", reject(500, "Server Error")),
  },
};
