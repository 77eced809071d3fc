import type { Delivery, Provider } from "../../ports/provider.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { AccessToken } from "../access-token.js";
import {
  type ApiAnswer,
  callApi,
  DEFAULT_TIMEOUT_MS,
  detailOf,
  failed,
  isSuccess,
  parsedObject,
  plainText,
  type Services,
  successBody,
  successField,
} from "../api-call.js";
import type { SettingsReader } from "../settings-reader.js";
import { bounced, passing, refused, Undeliverable } from "../undeliverable.js";
import { type Chat, chatOf, refuseReply, stringIn } from "./chat-content.js";

const VENDOR = "Microsoft Teams";
const SCOPE = "https://api.botframework.com/.default";
const JSON_TYPE = { "content-type": "application/json" };
/** Codes of the bot service: nobody is there, or nobody who lets the bot in (CH-044). */
const BAD_ADDRESS = new Set(["ConversationNotFound", "BotNotInConversationRoster", "MessageWritesBlocked"]);

/** Markdown as an adaptive card, which every kind of webhook takes; JSON goes as it is (CH-182). */
function webhookBody({ json, markdown }: Chat): JsonObject {
  if (json !== null) return json;
  const card = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: [{ type: "TextBlock", text: markdown, wrap: true }],
  };
  return {
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content: card }],
  };
}

function activityOf({ json, markdown, summary }: Chat): JsonObject {
  const said = json ?? { textFormat: "markdown", text: markdown };
  return { type: "message", ...(summary === null ? {} : { summary }), ...said };
}

/** A connector answers 200 and says in words that the endpoint behind it refused. */
function statusBehind({ status, text }: ApiAnswer): number {
  const [, behind] = /HTTP error (\d{3})/i.exec(text) ?? [];
  return behind === undefined ? status : Number(behind);
}

function failureOf(answer: ApiAnswer, now: number): Undeliverable {
  const error = parsedObject(answer.text)?.error;
  const { code, message } = isJsonObject(error) ? error : {};
  const detail = detailOf(message, code);
  return BAD_ADDRESS.has(plainText(code)) ? bounced(`${VENDOR}: ${detail}`) : failed(VENDOR, answer, detail, now);
}

/** Microsoft Teams by incoming webhook or bot (CH-180, CH-181). Neither takes an idempotency key. */
export function openMsTeams(settings: SettingsReader, services: Services): Provider {
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const base = settings.url("base_url", "https://smba.trafficmanager.net/teams");
  let access: AccessToken | undefined;

  /** Opened by the first message that goes through the bot: webhooks need none of its settings. */
  function accessToken(): AccessToken {
    const id = settings.required("bot_id");
    const password = settings.required("bot_password");
    const tenant = settings.text("ms_teams_tenant_id") ?? "botframework.com";
    const url = settings.url("token_url", `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`);
    const form = () => ({ grant_type: "client_credentials", client_id: id, client_secret: password, scope: SCOPE });
    const onToken = (token: string) => settings.addSecret(token);
    return new AccessToken({ vendor: VENDOR, url, form, timeout_ms, onToken }, services);
  }

  async function post(
    url: string,
    headers: Record<string, string>,
    body: JsonObject,
    from_data = false,
  ): Promise<ApiAnswer> {
    const text = JSON.stringify(body);
    const request = { method: "POST", url, headers: { ...JSON_TYPE, ...headers }, body: text, timeout_ms, from_data };
    const answer = await callApi(services, VENDOR, request);
    const status = statusBehind(answer);
    if (isSuccess({ ...answer, status })) return answer;
    throw failureOf({ ...answer, status }, services.now());
  }

  async function throughBot(chat: Chat): Promise<Delivery> {
    const channel = stringIn(chat.connection, "ms_teams_channel_id");
    const user = stringIn(chat.connection, "ms_teams_user_id");
    if (channel === null && user === null)
      throw refused(`${VENDOR}: the connection has no ms_teams_channel_id, ms_teams_user_id or incoming_webhook`);
    access ??= accessToken();
    const token = await access.get();
    const headers = { authorization: `Bearer ${token}` };
    const bot = { id: settings.required("bot_id") };
    // CH-162: the tenant's before the recipient's.
    const tenantId = stringIn(chat.tenant, "ms_teams_tenant_id") ?? stringIn(chat.connection, "ms_teams_tenant_id");
    const inTenant: JsonObject = tenantId === null ? {} : { tenantId };
    try {
      if (channel !== null) {
        const channelData = { channel: { id: channel }, ...(tenantId === null ? {} : { tenant: { id: tenantId } }) };
        const conversation = { isGroup: true, bot, ...inTenant, channelData, activity: activityOf(chat) };
        const answer = await post(`${base}/v3/conversations`, headers, conversation);
        const { activityId } = successBody(VENDOR, answer);
        const id = typeof activityId === "string" ? activityId : successField(VENDOR, answer, "id");
        return { status: "sent", metadata: { external_id: id } };
      }
      const members = [{ id: user }];
      const opened = await post(`${base}/v3/conversations`, headers, { isGroup: false, bot, ...inTenant, members });
      const conversation = encodeURIComponent(successField(VENDOR, opened, "id"));
      const answer = await post(`${base}/v3/conversations/${conversation}/activities`, headers, activityOf(chat));
      return { status: "sent", metadata: { external_id: successField(VENDOR, answer, "id") } };
    } catch (error) {
      // A token that is not taken any more: the next attempt gets another.
      if (!(error instanceof Undeliverable) || !/ answered 401\b/.test(error.message)) throw error;
      access.drop(token);
      throw passing(error.message);
    }
  }

  return {
    async send(message, _channel, stored) {
      const chat = chatOf(message, stored);
      refuseReply(chat, VENDOR);
      if (chat.webhook === null) return throughBot(chat);
      await post(chat.webhook, {}, webhookBody(chat), true);
      return { status: "sent" };
    },
  };
}
