import type { JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, getField } from "../../fake-vendor.js";

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
    unauthorized: { ...reject(401, "Unauthenticated."), result: "permanent" },
    no_quota: { ...reject(402, "You have reached your SMS quota."), result: "permanent" },
    invalid_recipient: { ...reject(422, "The to.0 must be a valid phone number."), result: "bounced" },
    invalid_sender: { ...reject(422, "The from field is not a number of this account."), result: "permanent" },
    rate_limited: {
      ...reject(429, "Too Many Attempts."),
      headers: { "retry-after": "60" },
      result: "temporary",
      retry_after_ms: 60_000,
    },
    outage: { ...reject(500, "Server Error"), result: "temporary" },
  },
};
