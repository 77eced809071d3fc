import { isUuid } from "../../../util/ids.js";
import { isJsonObject, type JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";

const SETTINGS = {
  app_id: "f1a9c3d2-0b4e-4f5a-8c6d-7e8f9a0b1c2d",
  api_key: "os_v2_app_fake0123456789",
  recipient_mode: "player_id",
};

const reject = (status: number, ...errors: string[]): FakeResponse => ({ status, body: { errors } });

/** OneSignal's API for push notifications. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    if (headers.authorization !== `Key ${SETTINGS.api_key}`) return reject(403, "Access denied.");
    if (method !== "POST" || path !== "/notifications") return reject(404, "Not Found");
    const fields: JsonObject = isJsonObject(body) ? body : {};
    if (getField(fields, "app_id") !== SETTINGS.app_id) return reject(400, "app_id not found");
    if (fields.contents === undefined && fields.content_available !== true && fields.template_id === undefined)
      return reject(400, "Message Notifications must have English language content");
    if (fields.include_aliases === undefined && fields.include_subscription_ids === undefined)
      return reject(400, "You must include which players, segments, or tags you wish to send this notification to.");
    if (!isUuid(getField(fields, "idempotency_key") ?? "")) return reject(400, "idempotency_key is not a valid UUID");
    return { status: 200, body: { id: "458dcec4-cf53-11e9-bbee-22000bc56481", external_id: null } };
  },
  failures: {
    unauthorized: fail("permanent", reject(403, "Access denied.")),
    not_subscribed: fail("bounced", {
      status: 200,
      body: { id: "", errors: ["All included players are not subscribed"] },
    }),
    invalid_player: fail("bounced", {
      status: 200,
      body: { id: "", errors: { invalid_player_ids: ["d6c1f2e0-0000-4000-8000-000000000000"] } },
    }),
    invalid_content: fail("permanent", reject(400, "contents must be a hash")),
    rate_limited: fail("temporary", reject(429, "API rate limit exceeded"), 4),
    outage: fail("temporary", reject(503, "Service Unavailable")),
  },
};
