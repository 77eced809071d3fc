import type { JsonObject } from "../../../util/json.js";
import {
  type FakeFailure,
  type FakeRequest,
  type FakeResponse,
  type FakeVendor,
  fail,
  getField,
} from "../../fake-vendor.js";
import { toObject } from "../../vendor-events.js";

const SETTINGS = { bot_id: "6f2c4a1e-0b4e-4f5a-8c6d-7e8f9a0b1c2d", bot_password: "fake-teams-secret" };
const ACCESS_TOKEN = "fake-teams-access-token";
const MAX_ACTIVITY_BYTES = 100 * 1_024;
const MAX_WEBHOOK_BYTES = 28 * 1_024;

const reject = (status: number, code: string, message: string): FakeResponse => ({
  status,
  body: { error: { code, message } },
});
const INVALID_CLIENT: FakeResponse = {
  status: 401,
  body: { error: "invalid_client", error_description: "AADSTS7000215: Invalid client secret provided." },
};
const UNAUTHORIZED: FakeResponse = {
  status: 401,
  body: { message: "Authorization has been denied for this request." },
};
const TOO_LARGE = reject(413, "MessageSizeTooBig", "Message size too large.");

function authorize({ body }: FakeRequest): FakeResponse {
  if (getField(body, "grant_type") !== "client_credentials")
    return { status: 400, body: { error: "unsupported_grant_type" } };
  if (getField(body, "scope") !== "https://api.botframework.com/.default")
    return { status: 400, body: { error: "invalid_scope" } };
  const isKnown =
    getField(body, "client_id") === SETTINGS.bot_id && getField(body, "client_secret") === SETTINGS.bot_password;
  return isKnown
    ? { status: 200, body: { token_type: "Bearer", expires_in: 3_599, access_token: ACCESS_TOKEN } }
    : INVALID_CLIENT;
}

const checkActivity = (activity: JsonObject): FakeResponse | null =>
  activity.type === "message" ? null : reject(400, "BadArgument", "The activity has no type");

/** Returns the response of the bot service. */
function respondAsConnector({ path, headers, body, text }: FakeRequest): FakeResponse {
  if (headers.authorization !== `Bearer ${ACCESS_TOKEN}`) return UNAUTHORIZED;
  if (Buffer.byteLength(text) > MAX_ACTIVITY_BYTES) return TOO_LARGE;
  const fields = toObject(body);
  if (/^\/v3\/conversations\/[^/]+\/activities$/.test(path))
    return checkActivity(fields) ?? { status: 201, body: { id: "1764666600123" } };
  const id = "a:1fake0123456789";
  if (getField(fields.bot ?? null, "id") !== SETTINGS.bot_id) return reject(400, "BadArgument", "The bot is unknown");
  const { channel } = toObject(fields.channelData);
  if (getField(channel ?? null, "id") !== undefined)
    return checkActivity(toObject(fields.activity)) ?? { status: 201, body: { id, activityId: "1764666600123" } };
  const [member] = Array.isArray(fields.members) ? fields.members : [];
  if (getField(member ?? null, "id") === undefined)
    return reject(400, "BadArgument", "The conversation has no members");
  return { status: 201, body: { id } };
}

/** Returns the response of an incoming webhook, which starts a workflow. */
function respondAsWebhook({ body, text }: FakeRequest): FakeResponse {
  if (Buffer.byteLength(text) > MAX_WEBHOOK_BYTES) return TOO_LARGE;
  const isMessage = toObject(body).type === "message" && Array.isArray(toObject(body).attachments);
  if (isMessage || getField(body, "text") !== undefined) return { status: 202, body: "" };
  return reject(400, "TriggerInputSchemaMismatch", "The input body does not match the trigger's schema.");
}

const failPost = (...failure: Parameters<typeof fail>): FakeFailure => ({
  ...fail(...failure),
  request: /^POST (?!\/token$)/,
});

/** The bot service of Microsoft Teams with its token server, and incoming webhooks at all other paths. */
export const fake: FakeVendor = {
  settings: SETTINGS,
  locate: (url) => ({ base_url: url, token_url: `${url}/token` }),
  respond(request): FakeResponse {
    if (request.method !== "POST") return reject(405, "MethodNotAllowed", "The method is not allowed.");
    if (request.path === "/token") return authorize(request);
    return request.path.startsWith("/v3/") ? respondAsConnector(request) : respondAsWebhook(request);
  },
  failures: {
    invalid_client: { ...fail("permanent", INVALID_CLIENT), request: /\/token$/ },
    unauthorized: failPost("temporary", UNAUTHORIZED),
    disabled: failPost("permanent", reject(403, "BotDisabledByAdmin", "The tenant admin disabled this bot.")),
    invalid: failPost("permanent", reject(400, "BadArgument", "The activity is invalid.")),
    too_large: failPost("permanent", TOO_LARGE),
    not_in_roster: failPost(
      "bounced",
      reject(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster."),
    ),
    blocked: failPost(
      "bounced",
      reject(403, "ConversationBlockedByUser", "User blocked the conversation with the bot."),
    ),
    unknown_conversation: failPost("bounced", reject(404, "ConversationNotFound", "Conversation not found.")),
    unknown_workflow: failPost("bounced", reject(404, "WorkflowNotFound", "The workflow could not be found.")),
    changed: failPost("temporary", reject(412, "PreconditionFailed", "Precondition failed, please try again.")),
    rate_limited: failPost("temporary", reject(429, "Throttled", "Too many requests."), 2),
    outage: failPost("temporary", reject(502, "ServiceError", "The service failed.")),
  },
};
