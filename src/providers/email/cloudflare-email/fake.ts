import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const SETTINGS = { account_id: "023e105f4ecef8ad9ca31a8372d0c353", api_key: "fake-cloudflare-token" };

const buildError = (status: number, code: number, name: string): FakeResponse => ({
  status,
  body: { success: false, errors: [{ code, message: `email.sending.error.${name}` }], messages: [], result: null },
});
const buildResult = (result: Record<string, string[]>): FakeResponse => ({
  status: 200,
  body: {
    success: true,
    errors: [],
    messages: [],
    result: { delivered: [], permanent_bounces: [], queued: [], ...result },
  },
});
const UNAUTHORIZED = buildError(401, 10101, "authentication.unauthorized");

/** Cloudflare's API for sending email. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Bearer ${SETTINGS.api_key}`) return UNAUTHORIZED;
    if (method !== "POST" || path !== `/client/v4/accounts/${SETTINGS.account_id}/email/sending/send`)
      return buildError(404, 10000, "not_found");
    const { to: recipient = null } = toObject(body);
    const to = getField(recipient, "address") ?? getField(body, "to");
    if (to === undefined || getField(body, "subject") === undefined)
      return buildError(400, 10001, "invalid_request_schema");
    if (getField(body, "text") === undefined && getField(body, "html") === undefined)
      return buildError(400, 10202, "email.invalid");
    return buildResult({ delivered: [to] });
  },
  failures: {
    unauthorized: fail("permanent", UNAUTHORIZED),
    forbidden: fail("permanent", buildError(403, 10102, "authentication.forbidden")),
    sending_disabled: fail("permanent", buildError(403, 10203, "email.sending_disabled")),
    invalid: fail("permanent", buildError(400, 10202, "email.invalid")),
    too_large: fail("permanent", buildError(400, 10200, "email.too_big")),
    bounced: fail("bounced", buildResult({ permanent_bounces: ["ada@lark.test"] })),
    rate_limited: fail("temporary", buildError(429, 10004, "throttled"), 60),
    outage: fail("temporary", buildError(503, 10100, "authentication.upstream")),
  },
};
