import type { Delivery, Provider } from "../../../ports/provider.js";
import type { JsonObject } from "../../../util/json.js";
import { AccessToken } from "../../access-token.js";
import {
  type ApiResponse,
  callApi,
  DEFAULT_TIMEOUT_MS,
  getSuccessField,
  isSuccess,
  type ProviderServices,
  parseJsonObject,
  parseSuccessBody,
} from "../../call-api.js";
import { createPermanentError, createRetryableError, DeliveryError } from "../../delivery-error.js";
import type { SettingsReader } from "../../settings-reader.js";
import { createVendorError } from "../../vendor-api.js";
import { toObject } from "../../vendor-events.js";
import { type Chat, checkNoReply, getString, parseChat } from "../parse-chat.js";
import { definition } from "./definition.js";

const VENDOR = definition.title;
const SCOPE = "https://api.botframework.com/.default";
const JSON_TYPE = { "content-type": "application/json" };
/** Returns JSON unchanged, and Markdown as an adaptive card, which every kind of webhook accepts (CH-182). */
function buildWebhookBody({ json, markdown }: Chat): JsonObject {
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

function buildActivity({ json, markdown, summary }: Chat): JsonObject {
  const content = json ?? { textFormat: "markdown", text: markdown };
  return { type: "message", ...(summary === null ? {} : { summary }), ...content };
}

/** Returns the status of the endpoint behind a connector, which responds with 200 and reports a failure only in its text. */
function parseInnerStatus({ status, text }: ApiResponse): number {
  const [, innerStatus] = /HTTP error (\d{3})/i.exec(text) ?? [];
  return innerStatus === undefined ? status : Number(innerStatus);
}

/** Opens Microsoft Teams by incoming webhook or bot. Neither supports an idempotency key (CH-180, CH-181). */
export function openVendor(settings: SettingsReader, services: ProviderServices): Provider {
  const timeout_ms = settings.number("timeout_ms", DEFAULT_TIMEOUT_MS);
  const base = settings.url("base_url", "https://smba.trafficmanager.net/teams");
  let access: AccessToken | undefined;

  /** Creates the bot's token for its first message. Webhooks need none of these settings. */
  function createAccessToken(): AccessToken {
    const id = settings.required("bot_id");
    const password = settings.required("bot_password");
    const tenant = settings.text("ms_teams_tenant_id") ?? "botframework.com";
    const url = settings.url("token_url", `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`);
    const form = () => ({ grant_type: "client_credentials", client_id: id, client_secret: password, scope: SCOPE });
    const onToken = (token: string) => settings.addSecret(token);
    return new AccessToken({ vendor: VENDOR, url, buildForm: form, timeout_ms, onToken }, services);
  }

  async function post(
    url: string,
    headers: Record<string, string>,
    body: JsonObject,
    from_data = false,
  ): Promise<ApiResponse> {
    const text = JSON.stringify(body);
    const request = { method: "POST", url, headers: { ...JSON_TYPE, ...headers }, body: text, timeout_ms, from_data };
    const response = await callApi(services, VENDOR, request);
    const status = parseInnerStatus(response);
    if (isSuccess({ ...response, status })) return response;
    const { code, message } = toObject(parseJsonObject(response.text)?.error);
    throw createVendorError(definition, { ...response, status }, { code, message }, services.now());
  }

  async function sendThroughBot(chat: Chat): Promise<Delivery> {
    const channel = getString(chat.connection, "ms_teams_channel_id");
    const user = getString(chat.connection, "ms_teams_user_id");
    if (channel === null && user === null)
      throw createPermanentError(
        `${VENDOR}: the connection has no ms_teams_channel_id, ms_teams_user_id or incoming_webhook`,
      );
    access ??= createAccessToken();
    const token = await access.get();
    const headers = { authorization: `Bearer ${token}` };
    const bot = { id: settings.required("bot_id") };
    // The tenant's id takes precedence over the recipient's (CH-162).
    const tenantId = getString(chat.tenant, "ms_teams_tenant_id") ?? getString(chat.connection, "ms_teams_tenant_id");
    const tenantFields: JsonObject = tenantId === null ? {} : { tenantId };
    try {
      if (channel !== null) {
        const channelData = { channel: { id: channel }, ...(tenantId === null ? {} : { tenant: { id: tenantId } }) };
        const conversation = { isGroup: true, bot, ...tenantFields, channelData, activity: buildActivity(chat) };
        const response = await post(`${base}/v3/conversations`, headers, conversation);
        const { activityId } = parseSuccessBody(VENDOR, response);
        const id = typeof activityId === "string" ? activityId : getSuccessField(VENDOR, response, "id");
        return { status: "sent", metadata: { external_id: id } };
      }
      const members = [{ id: user }];
      const opened = await post(`${base}/v3/conversations`, headers, { isGroup: false, bot, ...tenantFields, members });
      const conversation = encodeURIComponent(getSuccessField(VENDOR, opened, "id"));
      const response = await post(`${base}/v3/conversations/${conversation}/activities`, headers, buildActivity(chat));
      return { status: "sent", metadata: { external_id: getSuccessField(VENDOR, response, "id") } };
    } catch (error) {
      // The token is no longer accepted. The next attempt requests another one.
      if (!(error instanceof DeliveryError) || error.status !== 401) throw error;
      access.invalidate(token);
      throw createRetryableError(error.message);
    }
  }

  return {
    async send(message, _channel, stored) {
      const chat = parseChat(message, stored);
      checkNoReply(chat, VENDOR);
      if (chat.webhook === null) return sendThroughBot(chat);
      await post(chat.webhook, {}, buildWebhookBody(chat), true);
      return { status: "sent" };
    },
  };
}
