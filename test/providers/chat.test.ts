import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Channel } from "../../src/domain/environment/environment.js";
import { redactConnection } from "../../src/domain/message/chat-connection.js";
import type { Delivery } from "../../src/ports/provider.js";
import type { JsonObject } from "../../src/util/json.js";
import {
  getTimeout,
  type HttpTestServer,
  startHttpTestServer,
  type TestResponse,
} from "../helpers/http-test-server.js";
import { buildChannel, buildMessage, MESSAGE_ID, ProviderHarness } from "../helpers/provider-harness.js";

const BOT = { access_token: "xoxb-recipient-1", channel_id: "C1" };
let target: HttpTestServer;
let bench: ProviderHarness;
beforeEach(async () => {
  target = await startHttpTestServer();
  bench = new ProviderHarness({ BOT_TOKEN: "bot-token-0123", BOT_PASSWORD: "bot-password-01" });
});
afterEach(async () => {
  await bench.close();
  await target.close();
});

interface Said {
  markdown?: string;
  json?: JsonObject;
  summary?: string;
}

/** Builds a message to one of a recipient's connections, the second of them. */
function send(
  to: Channel,
  connection: JsonObject,
  createErrorResponse: Said = {},
  tenant: JsonObject = {},
): Promise<Delivery> {
  const { markdown = "Hi **you**", json, summary } = createErrorResponse;
  const template = {
    blocks: json ? null : [{ type: "markdown", name: "body", content: markdown }],
    json_content: json ?? null,
    summary: summary ?? null,
  };
  const content = { connection: redactConnection(connection), template };
  const others = [{ channel_id: "C0" }, connection, { incoming_webhook: { url: "https://lark.test/other" } }];
  return bench.send(to, buildMessage("chat", content), { recipient: { connections: others }, tenant });
}

const hook = (path: string): JsonObject => ({ incoming_webhook: { url: `${target.url}${path}` } });
const final = { status: "failed", retryable: false };
const passing = { status: "failed", retryable: true };

describe("Slack", () => {
  const slack = (settings: JsonObject = {}) =>
    buildChannel("chat", "chat_slack", { base_url: target.url, ...settings });
  const ok: TestResponse = { json: { ok: true, ts: "1.2", channel: "C1" } };

  it("CH-172 CH-174 CH-024 calls chat.postMessage with the connection's token, and stores ts as the external id", async () => {
    target.respondWith(ok);
    expect(await send(slack(), BOT)).toEqual({ status: "sent", metadata: { external_id: "1.2" } });
    const [request] = target.requests;
    expect(request).toMatchObject({ method: "POST", path: "/api/chat.postMessage" });
    expect(request?.headers).toMatchObject({
      authorization: "Bearer xoxb-recipient-1",
      "content-type": "application/json; charset=utf-8",
    });
    expect(request?.json).toEqual({ channel: "C1", text: "Hi *you*" });
  });

  const posted = (connection: JsonObject, metadata: JsonObject | null) => {
    const template = { blocks: [{ type: "markdown", name: "body", content: "Hi" }], json_content: null, summary: null };
    const sent = buildMessage("chat", { connection, template, metadata });
    return bench.send(slack(), sent, { recipient: {}, tenant: { token: { access_token: "xoxb-tenant-1" } } });
  };

  it("CH-176 CH-177 uses the template's own connection, and replies in a thread", async () => {
    target.respondWith(ok);
    expect(await posted({ channel_id: "C9" }, { connection_overridden: true, parent_message_id: "7.1" })).toMatchObject(
      {
        status: "sent",
      },
    );
    expect(target.requests[0]?.json).toEqual({ channel: "C9", text: "Hi", thread_ts: "7.1" });
  });

  it.each<[string, string, () => JsonObject]>([
    ["Discord's webhook", "chat_discord", () => hook("/hook")],
    ["Teams' webhook", "chat_ms_teams", () => hook("/hook")],
    ["Teams' bot", "chat_ms_teams", () => ({ ms_teams_tenant_id: "t", ms_teams_channel_id: "19:c" })],
  ])("CH-177 %s cannot reply, and sends nothing instead", async (_title, provider, connect) => {
    const connection = connect();
    const content = {
      connection: redactConnection(connection),
      template: { blocks: [{ type: "markdown", name: "body", content: "Hi" }], json_content: null, summary: null },
      metadata: { parent_message_id: "7.1" },
    };
    const to = buildChannel("chat", provider, { base_url: target.url });
    const delivery = await bench.send(to, buildMessage("chat", content), {
      recipient: { connections: [connection] },
      tenant: {},
    });
    expect(delivery).toMatchObject({ ...final, reason: expect.stringContaining("cannot reply") });
    expect(target.requests).toHaveLength(0);
  });

  it("CH-177 sends a reply to its channel also, and an incoming webhook that cannot reply sends nothing", async () => {
    target.respondWith(ok);
    await posted(
      { channel_id: "C9" },
      { connection_overridden: true, parent_message_id: "7.1", send_to_channel: true },
    );
    expect(target.requests[0]?.json).toMatchObject({ thread_ts: "7.1", reply_broadcast: true });
    const content = {
      connection: redactConnection(hook("/hook")),
      template: { blocks: [], json_content: null, summary: null },
      metadata: { parent_message_id: "7.1" },
    };
    const stored = { recipient: { connections: [hook("/hook")] }, tenant: {} };
    expect(await bench.send(slack(), buildMessage("chat", content), stored)).toMatchObject({
      ...final,
      reason: expect.stringContaining("cannot reply"),
    });
    expect(target.requests).toHaveLength(1);
  });

  it("E-187 CH-176 uses a template's own token and webhook, and no reason contains them", async () => {
    target.respondWith(ok, { text: "ok" }, { status: 403, text: "xoxb-own-token is not allowed" });
    const given = async (connection: JsonObject) => {
      const content = {
        connection: redactConnection(connection),
        template: { blocks: [{ type: "markdown", name: "body", content: "Hi" }], json_content: null, summary: null },
        metadata: { connection_overridden: true },
      };
      const sent = buildMessage("chat", content, { secrets: { connection } });
      return bench.send(slack(), sent, { recipient: {}, tenant: {} });
    };
    expect(await given({ channel_id: "C9", access_token: "xoxb-own-token" })).toMatchObject({ status: "sent" });
    expect(target.requests[0]?.headers.authorization).toBe("Bearer xoxb-own-token");
    expect(await given(hook("/own-hook"))).toEqual({ status: "sent" });
    expect(target.requests[1]?.path).toBe("/own-hook");
    const refused = await given({ channel_id: "C9", access_token: "xoxb-own-token" });
    expect(refused).toMatchObject(final);
    expect(JSON.stringify(refused)).not.toContain("xoxb-own-token");
  });

  it("E-213 sends nothing, not even with the tenant's token, if the token of its template is missing", async () => {
    const content = { connection: { channel_id: "C9" }, metadata: { connection_overridden: true } };
    const stored = { recipient: {}, tenant: { token: { access_token: "xoxb-tenant-1" } } };
    expect(await bench.send(slack(), buildMessage("chat", content, { secrets: {} }), stored)).toMatchObject({
      ...final,
      reason: expect.stringContaining("trigger the workflow again"),
    });
    expect(target.requests).toEqual([]);
  });

  it("CH-175 finds a user by email, and stores the user as the recipient's connection", async () => {
    target.respondWith({ json: { ok: true, user: { id: "U7" } } }, ok);
    expect(await posted({ email: "ada+1@lark.test" }, null)).toEqual({
      status: "sent",
      metadata: { external_id: "1.2" },
      connection: { user_id: "U7" },
    });
    const [lookup, post] = target.requests;
    expect(lookup).toMatchObject({ method: "GET", path: "/api/users.lookupByEmail?email=ada%2B1%40lark.test" });
    expect(lookup?.headers.authorization).toBe("Bearer xoxb-tenant-1");
    expect(post?.json).toEqual({ channel: "U7", text: "Hi" });
  });

  it.each<[TestResponse, object]>([
    [{ json: { ok: false, error: "users_not_found" } }, { status: "bounced", reason: "Slack: users_not_found" }],
    [{ json: { ok: false, error: "missing_scope" } }, { ...final, reason: "Slack: missing_scope" }],
    [{ json: { ok: true, user: {} } }, passing],
    [{ status: 503 }, passing],
  ])("CH-175 sends nothing when the lookup returns %j", async (reply, delivery) => {
    target.respondWith(reply);
    expect(await posted({ email: "ada@lark.test" }, null)).toMatchObject(delivery);
    expect(target.requests).toHaveLength(1);
  });

  it.each<[TestResponse, object | null]>([
    [{ json: { ok: true, user: { id: "U7" } } }, { connection: { user_id: "U7" } }],
    [
      { json: { ok: false, error: "users_not_found" } },
      { missing: "no user was found by the email address: Slack: users_not_found" },
    ],
    [{ json: { ok: false, error: "invalid_auth" } }, { missing: expect.stringContaining("invalid_auth") }],
    [{ status: 429, headers: { "retry-after": "1" } }, null],
    [{ fault: "drop" }, null],
    [{ text: "<html>portal" }, null],
  ])("E-186 CH-175 reports a failed lookup by email address that returns %j", async (reply, found) => {
    target.respondWith(reply);
    expect(await bench.findUser(slack(), "ada@lark.test", "xoxb-tenant-1")).toEqual(found);
    expect(target.requests[0]?.headers.authorization).toBe("Bearer xoxb-tenant-1");
  });

  it("CH-162 E-049 prefers the tenant's token, and uses the channel's own only without another", async () => {
    target.respondWith(ok);
    await send(slack({ bot_token: "$BOT_TOKEN" }), BOT, {}, { token: { access_token: "xoxb-tenant" } });
    await send(slack({ bot_token: "$BOT_TOKEN" }), { user_id: "U1" });
    expect(target.requests.map(({ headers, json }) => [headers.authorization, json.channel])).toEqual([
      ["Bearer xoxb-tenant", "C1"],
      ["Bearer bot-token-0123", "U1"],
    ]);
    expect(await send(slack(), { user_id: "U1" })).toMatchObject({
      ...final,
      reason: expect.stringContaining("no token"),
    });
    expect(await send(slack({ bot_token: "$BOT_TOKEN" }), {})).toMatchObject(final);
  });

  it("CH-174 CHQ-12 sends a JSON body unchanged, with the summary as its text", async () => {
    target.respondWith(ok);
    const blocks = [{ type: "divider" }];
    await send(slack(), BOT, { json: { blocks }, summary: "In short" });
    await send(slack(), BOT, { json: { blocks } });
    await send(slack(), BOT, { json: { blocks, text: "Own", channel: "C-other" } });
    expect(target.requests.map(({ json }) => json)).toEqual([
      { channel: "C1", text: "In short", blocks },
      { channel: "C1", text: "", blocks },
      { channel: "C1", text: "Own", blocks },
    ]);
  });

  it("CH-173 sends the text to an incoming webhook, which responds with ok", async () => {
    target.respondWith({ text: "ok" });
    expect(await send(slack(), hook("/services/T/B/X"), { markdown: "*Hi*" })).toEqual({ status: "sent" });
    expect(target.requests[0]).toMatchObject({ method: "POST", path: "/services/T/B/X", json: { text: "_Hi_" } });
    expect(target.requests[0]?.headers.authorization).toBeUndefined();
  });

  const createErrorResponse = (error: string, more: TestResponse = {}): TestResponse => ({
    json: { ok: false, error },
    ...more,
  });
  it.each([
    [
      "an unknown channel",
      createErrorResponse("channel_not_found"),
      { status: "bounced", reason: "Slack: channel_not_found" },
    ],
    ["an archived channel", createErrorResponse("is_archived"), { status: "bounced" }],
    ["a revoked token", createErrorResponse("token_revoked"), { ...final, reason: "Slack: token_revoked" }],
    ["no blocks", createErrorResponse("invalid_blocks"), final],
    [
      "a limit",
      createErrorResponse("ratelimited", { headers: { "retry-after": "4" } }),
      { ...passing, retry_after_ms: 4_000 },
    ],
    ["an error of the API", createErrorResponse("internal_error"), passing],
    ["429", { status: 429, headers: { "retry-after": "30" } }, { ...passing, retry_after_ms: 30_000 }],
    ["503", { status: 503, text: "busy" }, passing],
    ["no response", { fault: "silent" }, passing],
    ["neither ok nor error", { json: {} }, passing],
    ["HTML", { text: "<html>" }, passing],
  ] as [string, TestResponse, JsonObject][])(
    "CH-042 CH-044 maps the response to a bot: %s",
    async (_title, reply, expected) => {
      target.respondWith(reply, ok);
      expect(await send(slack({ timeout_ms: getTimeout(reply) }), BOT)).toMatchObject(expected);
      expect(await send(slack(), BOT)).toMatchObject({ status: "sent" });
    },
  );

  it.each([
    ["a deleted webhook", { status: 404, text: "no_service" }, { status: "bounced" }],
    ["an archived channel", { status: 410, text: "channel_is_archived" }, { status: "bounced" }],
    ["a bad payload", { status: 400, text: "invalid_payload" }, final],
    ["a forbidden action", { status: 403, text: "action_prohibited" }, final],
    [
      "429",
      { status: 429, headers: { "retry-after": "1" }, text: "rate_limited" },
      { ...passing, retry_after_ms: 1_000 },
    ],
    ["500", { status: 500, text: "rollup_error" }, passing],
    ["HTML", { text: "<html>" }, passing],
  ] as [string, TestResponse, JsonObject][])(
    "CH-042 CH-044 maps the response of a webhook: %s",
    async (_title, reply, expected) => {
      target.respondWith(reply);
      expect(await send(slack(), hook("/services/T/B/X"))).toMatchObject(expected);
    },
  );

  it("reports a removed connection and a webhook without https as final failures, without their secrets", async () => {
    const content = { connection: { channel_id: "C9" }, template: {} };
    const gone = await bench.send(slack(), buildMessage("chat", content), { recipient: {}, tenant: {} });
    expect(gone).toMatchObject({ ...final, reason: expect.stringContaining("not in the recipient's channel data") });
    expect(await send(slack(), { incoming_webhook: { url: "http://hooks.lark.test/x" } })).toMatchObject(final);
    expect(await send(slack(), { incoming_webhook: {} })).toMatchObject(final);
    const broken = await send(slack(), { incoming_webhook: { url: "very-secret-path" } });
    expect(broken).toMatchObject(final);
    expect(JSON.stringify(broken)).not.toContain("very-secret-path");
    target.respondWith({ json: { ok: false, error: `bad ${BOT.access_token}` } });
    expect(await send(slack(), BOT)).toMatchObject({ reason: "Slack: bad [redacted]" });
  });
});

describe("Discord", () => {
  const discord = (settings: JsonObject = {}) =>
    buildChannel("chat", "discord", { bot_token: "$BOT_TOKEN", base_url: target.url, ...settings });
  const ok: TestResponse = { json: { id: "D1" } };

  it("CH-185 sends a bot's message, which a repeat does not duplicate", async () => {
    target.respondWith(ok);
    expect(await send(discord(), { channel_id: "77" })).toEqual({ status: "sent", metadata: { external_id: "D1" } });
    const [request] = target.requests;
    expect(request).toMatchObject({ method: "POST", path: "/api/v10/channels/77/messages" });
    expect(request?.headers.authorization).toBe("Bot bot-token-0123");
    expect(request?.json).toEqual({ content: "Hi **you**", nonce: MESSAGE_ID.slice(2), enforce_nonce: true });
  });

  it("CH-177 replies as a bot, also when the original message no longer exists", async () => {
    target.respondWith(ok);
    const template = { blocks: [{ type: "markdown", name: "body", content: "Hi" }], json_content: null, summary: null };
    const content = { connection: { channel_id: "77" }, template, metadata: { parent_message_id: "D0" } };
    const recipient = { connections: [{ channel_id: "77" }] };
    await bench.send(discord(), buildMessage("chat", content), { recipient, tenant: {} });
    expect(target.requests[0]?.json).toMatchObject({
      message_reference: { message_id: "D0", fail_if_not_exists: false },
    });
  });

  it("CH-185 posts to an incoming webhook without the bot's token, and sends a JSON body unchanged", async () => {
    target.respondWith(ok);
    await send(discord({ bot_token: null }), hook("/api/webhooks/1/x?thread_id=5"), { json: { embeds: [] } });
    const [request] = target.requests;
    expect(request).toMatchObject({ path: "/api/webhooks/1/x?thread_id=5&wait=true", json: { embeds: [] } });
    expect(request?.headers.authorization).toBeUndefined();
    expect(await send(discord({ bot_token: null }), { channel_id: "77" })).toMatchObject(final);
    expect(await send(discord(), { user_id: "1" })).toMatchObject(final);
  });

  const error = (status: number, code: number): TestResponse => ({ status, json: { code, message: "said" } });
  it.each([
    ["an unknown channel", error(404, 10003), { status: "bounced", reason: "Discord: said (code 10003)" }],
    ["an unknown webhook", error(404, 10015), { status: "bounced" }],
    ["a closed inbox", error(403, 50007), { status: "bounced" }],
    ["no access", error(403, 50001), final],
    ["a text that is too long", error(400, 50035), final],
    ["401", { status: 401, json: { message: "401: Unauthorized", code: 0 } }, final],
    [
      "429 in its body",
      { status: 429, json: { message: "m", retry_after: 1.5 } },
      { ...passing, retry_after_ms: 1_500 },
    ],
    [
      "429",
      { status: 429, headers: { "retry-after": "9" }, json: { retry_after: 1 } },
      { ...passing, retry_after_ms: 9_000 },
    ],
    ["502", { status: 502 }, passing],
    ["no response", { fault: "silent" }, passing],
    ["no id", { json: {} }, passing],
  ] as [string, TestResponse, JsonObject][])("CH-042 CH-044 maps the response: %s", async (_title, reply, expected) => {
    target.respondWith(reply, ok);
    expect(await send(discord({ timeout_ms: getTimeout(reply) }), { channel_id: "77" })).toMatchObject(expected);
    expect(await send(discord(), { channel_id: "77" })).toMatchObject({ status: "sent" });
  });
});

describe("Microsoft Teams", () => {
  const teams = (settings: JsonObject = {}) => buildChannel("chat", "ms_teams", { base_url: target.url, ...settings });

  it("CH-181 CH-182 sends a card or the template's own JSON to an incoming webhook", async () => {
    target.respondWith({ status: 202 });
    expect(await send(teams(), hook("/hook"))).toEqual({ status: "sent" });
    await send(teams(), hook("/hook"), { json: { text: "own" } });
    const [first, second] = target.requests;
    expect(first).toMatchObject({ method: "POST", path: "/hook" });
    expect(first?.json).toMatchObject({
      type: "message",
      attachments: [
        {
          contentType: "application/vnd.microsoft.card.adaptive",
          contentUrl: null,
          content: { type: "AdaptiveCard", body: [{ type: "TextBlock", text: "Hi **you**", wrap: true }] },
        },
      ],
    });
    expect(second?.json).toEqual({ text: "own" });
  });

  it.each([
    [
      "a rate limit with status 200",
      { text: "Microsoft Teams endpoint returned HTTP error 429 with ContextId x" },
      passing,
    ],
    ["a rejection with status 200", { text: "Webhook message delivery failed with error: HTTP error 413" }, final],
    ["429", { status: 429, headers: { "retry-after": "2" } }, { ...passing, retry_after_ms: 2_000 }],
    ["400", { status: 400, text: "Bad payload" }, final],
    ["500", { status: 500 }, passing],
    ["no response", { fault: "silent" }, passing],
    ["a connector's 1", { text: "1" }, { status: "sent" }],
  ] as [string, TestResponse, JsonObject][])(
    "CH-042 maps the response of a webhook: %s",
    async (_title, reply, expected) => {
      target.respondWith(reply);
      expect(await send(teams({ timeout_ms: getTimeout(reply) }), hook("/hook"))).toMatchObject(expected);
    },
  );

  describe("a Teams bot", () => {
    const bot = (settings: JsonObject = {}) =>
      teams({ bot_id: "bot-1", bot_password: "$BOT_PASSWORD", token_url: `${target.url}/token`, ...settings });
    const token: TestResponse = { json: { access_token: "bot-access-1", expires_in: 3600 } };

    it("CH-180 CH-181 starts a conversation in a channel, and keeps the token for the next", async () => {
      target.respondWith(token, { status: 201, json: { id: "conv", activityId: "a1" } });
      const connection = { ms_teams_channel_id: "19:x@thread.tacv2", ms_teams_tenant_id: "own" };
      const tenant = { ms_teams_tenant_id: "T1" };
      const sent = { status: "sent", metadata: { external_id: "a1" } };
      expect(await send(bot(), connection, {}, tenant)).toEqual(sent);
      expect(await send(bot(), connection, {}, tenant)).toEqual(sent);
      expect(target.requests.map(({ path }) => path)).toEqual(["/token", "/v3/conversations", "/v3/conversations"]);
      expect(target.requests[0]?.form).toEqual({
        grant_type: "client_credentials",
        client_id: "bot-1",
        client_secret: "bot-password-01",
        scope: "https://api.botframework.com/.default",
      });
      expect(target.requests[1]?.headers.authorization).toBe("Bearer bot-access-1");
      expect(target.requests[1]?.json).toEqual({
        isGroup: true,
        bot: { id: "bot-1" },
        tenantId: "T1",
        channelData: { channel: { id: "19:x@thread.tacv2" }, tenant: { id: "T1" } },
        activity: { type: "message", textFormat: "markdown", text: "Hi **you**" },
      });
    });

    it("CH-181 opens the conversation with a user first", async () => {
      target.respondWith(token, { status: 201, json: { id: "a:1/2" } }, { status: 201, json: { id: "a2" } });
      expect(await send(bot(), { ms_teams_user_id: "29:u" })).toMatchObject({ metadata: { external_id: "a2" } });
      expect(target.requests[1]?.json).toEqual({ isGroup: false, bot: { id: "bot-1" }, members: [{ id: "29:u" }] });
      expect(target.requests[2]?.path).toBe("/v3/conversations/a%3A1%2F2/activities");
    });

    it("CH-042 CH-044 bounces when the team's roster lacks the bot, replaces an old token, and rejects bad settings for good", async () => {
      const error = (status: number, code: string) => ({ status, json: { error: { code, message: "said" } } });
      target.respondWith(token, error(403, "BotNotInConversationRoster"), error(401, "Unauthorized"), token, {
        json: { id: "c", activityId: "a3" },
      });
      const to = { ms_teams_channel_id: "19:x" };
      expect(await send(bot(), to)).toMatchObject({ status: "bounced" });
      expect(await send(bot(), to)).toMatchObject(passing);
      expect(await send(bot(), to)).toMatchObject({ status: "sent" });
      expect(await send(teams(), to)).toMatchObject({ ...final, reason: expect.stringContaining("settings.bot_id") });
      expect(await send(bot(), { ms_teams_team_id: "t" })).toMatchObject(final);
    });
  });
});
