import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = { auth_token: "fake-expo-access-token" };
const MAX_BYTES = 4_096;

const reject = (status: number, code: string, message: string): FakeResponse => ({
  status,
  body: { errors: [{ code, message, isTransient: status === 429 || status >= 500 }] },
});
const buildTicketError = (error: string, message: string): FakeResponse => ({
  status: 200,
  body: { data: { status: "error", message, details: { error } } },
});
const UNAUTHORIZED = reject(401, "UNAUTHORIZED", "The bearer token is invalid");
const TOO_BIG = buildTicketError("MessageTooBig", "The notification payload is larger than 4096 bytes");

/** Expo's push service. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body, text }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.auth_token}`) return UNAUTHORIZED;
    if (method !== "POST" || path !== "/--/api/v2/push/send")
      return reject(404, "NOT_FOUND", `Cannot ${method} ${path}`);
    const to = getField(body, "to");
    if (to === undefined) return reject(400, "VALIDATION_ERROR", '"to" is required');
    if (!/^Expo(nent)?PushToken\[.+\]$/.test(to))
      return buildTicketError("DeviceNotRegistered", `"${to}" is not a valid Expo push token`);
    if (Buffer.byteLength(text) > MAX_BYTES) return TOO_BIG;
    return { status: 200, body: { data: { status: "ok", id: "019b1f2e-6c1a-7b52-9d0e-3f4a5b6c7d8e" } } };
  },
  failures: {
    unauthorized: fail("permanent", UNAUTHORIZED),
    not_registered: fail(
      "bounced",
      buildTicketError("DeviceNotRegistered", "The recipient is not registered with FCM"),
    ),
    too_big: fail("permanent", TOO_BIG),
    mismatched_sender: fail(
      "permanent",
      buildTicketError("MismatchSenderId", "The sender is not the one of the device token"),
    ),
    invalid_credentials: fail(
      "permanent",
      buildTicketError("InvalidCredentials", "The app has no valid push credentials"),
    ),
    device_limited: fail(
      "temporary",
      buildTicketError("MessageRateExceeded", "Messages are sent to the device too often"),
    ),
    invalid: fail("permanent", reject(400, "VALIDATION_ERROR", '"data" must be an object')),
    several_projects: fail(
      "permanent",
      reject(400, "PUSH_TOO_MANY_EXPERIENCE_IDS", "All push notification messages must be for the same project"),
    ),
    rate_limited: fail("temporary", reject(429, "TOO_MANY_REQUESTS", "More than 600 notifications per second"), 2),
    outage: fail("temporary", reject(503, "SERVICE_UNAVAILABLE", "The service is unavailable")),
  },
};
