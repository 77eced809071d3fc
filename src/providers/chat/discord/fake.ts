import type { JsonObject } from "../../../util/json.js";
import { type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const SETTINGS = { bot_token: "fake.discord.bot-token" };
const MAX_CHARACTERS = 2_000;
const MAX_NONCE_CHARACTERS = 25;

const reject = (status: number, code: number, message: string): FakeResponse => ({ status, body: { message, code } });
const UNAUTHORIZED = reject(401, 0, "401: Unauthorized");
const INVALID_FORM = reject(400, 50_035, "Invalid Form Body");

/** Returns the error of a message's content, or null. */
function checkMessage(fields: JsonObject): FakeResponse | null {
  const content = getField(fields, "content");
  if (content === undefined && !["embeds", "components", "sticker_ids", "poll"].some((name) => name in fields))
    return reject(400, 50_006, "Cannot send an empty message");
  const isLong = [...(content ?? "")].length > MAX_CHARACTERS;
  return isLong || (getField(fields, "nonce") ?? "").length > MAX_NONCE_CHARACTERS ? INVALID_FORM : null;
}

/** Discord's API for messages, and its incoming webhooks at `/api/webhooks/<id>/<token>`. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond({ method, path, headers, body }): FakeResponse {
    const isWebhook = /^\/api(\/v10)?\/webhooks\/\d+\/[^/]+$/.test(path);
    if (!isWebhook && headers.authorization !== `Bot ${SETTINGS.bot_token}`) return UNAUTHORIZED;
    const [, channel] = /^\/api\/v10\/channels\/([^/]+)\/messages$/.exec(path) ?? [];
    if (method !== "POST" || (!isWebhook && channel === undefined)) return reject(404, 0, "404: Not Found");
    if (channel !== undefined && !/^\d{1,20}$/.test(channel)) return INVALID_FORM;
    const fields = toObject(body);
    const refusal = checkMessage(fields);
    if (refusal !== null) return refusal;
    return { status: 200, body: { id: "1402345678901234567", type: 0, content: fields.content ?? "" } };
  },
  failures: {
    unauthorized: fail("permanent", UNAUTHORIZED),
    unknown_channel: fail("bounced", reject(404, 10_003, "Unknown Channel")),
    unknown_webhook: fail("bounced", reject(404, 10_015, "Unknown Webhook")),
    closed_inbox: fail("bounced", reject(403, 50_007, "Cannot send messages to this user")),
    missing_access: fail("permanent", reject(403, 50_001, "Missing Access")),
    missing_permissions: fail("permanent", reject(403, 50_013, "Missing Permissions")),
    empty: fail("permanent", reject(400, 50_006, "Cannot send an empty message")),
    invalid: fail("permanent", INVALID_FORM),
    slow_mode: fail("temporary", reject(403, 20_016, "This action cannot be performed due to slowmode rate limit.")),
    rate_limited: {
      status: 429,
      body: { message: "You are being rate limited.", retry_after: 1.5, global: false },
      result: "temporary",
      retry_after_ms: 1_500,
    },
    outage: fail("temporary", reject(502, 0, "502: Bad Gateway")),
  },
};
