import { type FakeRequest, type FakeResponse, type FakeVendor, fail, getField } from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const SETTINGS = { bot_token: "xoxb-fake-slack-token" };
const MAX_CHARACTERS = 40_000;
const TS = "1764666600.000100";

const reject = (error: string): FakeResponse => ({ status: 200, body: { ok: false, error } });

/** Returns the response of an incoming webhook, which is one word. */
function respondAsWebhook({ body }: FakeRequest): FakeResponse {
  const { text, blocks, attachments } = toObject(body);
  if (body === null) return { status: 400, body: "invalid_payload" };
  if (text === undefined && blocks === undefined && attachments === undefined) return { status: 400, body: "no_text" };
  return { status: 200, body: "ok" };
}

function postMessage({ headers, body }: FakeRequest): FakeResponse {
  if (!headers["content-type"]?.startsWith("application/json")) return reject("invalid_form_data");
  if (body === null) return reject("invalid_json");
  const { text, blocks, attachments, thread_ts } = toObject(body);
  const channel = getField(body, "channel");
  if (channel === undefined || !/^[#@]?\w+$/.test(channel)) return reject("channel_not_found");
  if (!text && blocks === undefined && attachments === undefined) return reject("no_text");
  if (typeof text === "string" && text.length > MAX_CHARACTERS) return reject("msg_too_long");
  if (blocks !== undefined && !Array.isArray(blocks)) return reject("invalid_blocks_format");
  if (thread_ts !== undefined && !/^\d+\.\d+$/.test(String(thread_ts))) return reject("invalid_thread_ts");
  return { status: 200, body: { ok: true, channel, ts: TS, message: { type: "message", ts: TS } } };
}

/** Slack's Web API, and its incoming webhooks at `/services/…`. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  respond(request): FakeResponse {
    const { method, path, query, headers } = request;
    if (path.startsWith("/services/")) return respondAsWebhook(request);
    if (headers.authorization === undefined) return reject("not_authed");
    if (headers.authorization !== `Bearer ${SETTINGS.bot_token}`) return reject("invalid_auth");
    if (path === "/api/users.lookupByEmail")
      return query.get("email")?.includes("@")
        ? { status: 200, body: { ok: true, user: { id: "U0FAKE0001", name: "ada" } } }
        : reject("users_not_found");
    return method === "POST" && path === "/api/chat.postMessage" ? postMessage(request) : reject("unknown_method");
  },
  failures: {
    unauthorized: fail("permanent", reject("invalid_auth")),
    revoked: fail("permanent", reject("token_revoked")),
    missing_scope: fail("permanent", reject("missing_scope")),
    not_in_channel: fail("permanent", reject("not_in_channel")),
    invalid_blocks: fail("permanent", reject("invalid_blocks")),
    too_long: fail("permanent", reject("msg_too_long")),
    unknown_channel: fail("bounced", reject("channel_not_found")),
    archived: fail("bounced", reject("is_archived")),
    unknown_user: fail("bounced", reject("users_not_found")),
    removed_webhook: fail("bounced", { status: 404, body: "no_service" }),
    invalid_payload: fail("permanent", { status: 400, body: "invalid_payload" }),
    message_limit: fail("temporary", reject("message_limit_exceeded")),
    rate_limited: fail("temporary", { ...reject("ratelimited"), status: 429 }, 30),
    internal_error: fail("temporary", reject("internal_error")),
    outage: fail("temporary", { ...reject("service_unavailable"), status: 503 }),
  },
};
