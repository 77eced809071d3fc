import { type FakeRequest, type FakeResponse, type FakeVendor, getField } from "../../fake-vendor.js";
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
    unauthorized: { ...reject("invalid_auth"), result: "permanent" },
    revoked: { ...reject("token_revoked"), result: "permanent" },
    missing_scope: { ...reject("missing_scope"), result: "permanent" },
    not_in_channel: { ...reject("not_in_channel"), result: "permanent" },
    invalid_blocks: { ...reject("invalid_blocks"), result: "permanent" },
    too_long: { ...reject("msg_too_long"), result: "permanent" },
    unknown_channel: { ...reject("channel_not_found"), result: "bounced" },
    archived: { ...reject("is_archived"), result: "bounced" },
    unknown_user: { ...reject("users_not_found"), result: "bounced" },
    removed_webhook: { status: 404, body: "no_service", result: "bounced" },
    invalid_payload: { status: 400, body: "invalid_payload", result: "permanent" },
    message_limit: { ...reject("message_limit_exceeded"), result: "temporary" },
    rate_limited: {
      ...reject("ratelimited"),
      status: 429,
      headers: { "retry-after": "30" },
      result: "temporary",
      retry_after_ms: 30_000,
    },
    internal_error: { ...reject("internal_error"), result: "temporary" },
    outage: { ...reject("service_unavailable"), status: 503, result: "temporary" },
  },
};
