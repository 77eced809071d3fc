import { describe, expect, it } from "vitest";
import { RenderError } from "../../../src/engine/liquid/liquid.js";
import type { Destination } from "../../../src/engine/render/channel-renderer.js";
import type { JsonObject } from "../../../src/util/json.js";
import { renderContent, renderStep } from "../../helpers/render-step.js";

const SECRET = "xoxb-SECRET";
const CONNECTION = { access_token: SECRET, channel_id: "C1" };

const chat = (template: JsonObject, connections: unknown = [CONNECTION], more: object = {}) => ({
  type: "chat" as const,
  template,
  channelData: { token: { access_token: SECRET }, connections } as JsonObject,
  channel: { provider: "chat_slack" },
  data: { page: "Home" },
  ...more,
});

describe("the content of a chat message (A-477, T-212)", () => {
  it("has the API's format, with Markdown as one block", async () => {
    expect(await renderContent(chat({ markdown_body: "**{{ page }}**", summary: "New: {{ page }}" }))).toEqual({
      __typename: "MessageChatContent",
      connection: { channel_id: "C1" },
      template: {
        blocks: [{ type: "markdown", name: "body", content: "**Home**" }],
        json_content: null,
        summary: "New: Home",
      },
      metadata: null,
    });
  });

  it("section 7.4 JSON takes precedence over Markdown unless it renders blank", async () => {
    const json_body = '{% if page == "Home" %}{"blocks":[{"text":{{ page | json }}}]}{% endif %}';
    expect(await renderContent(chat({ markdown_body: "m", json_body }))).toMatchObject({
      template: { blocks: null, json_content: { blocks: [{ text: "Home" }] }, summary: null },
    });
    expect(await renderContent(chat({ markdown_body: "m", json_body }, [CONNECTION], { data: {} }))).toMatchObject({
      template: { blocks: [{ content: "m" }], json_content: null },
    });
  });

  it.each(["{{ page }}", "{", "[]", "null", '{"a":1,}', '{"text":"{{ data.quote }}"}'])(
    "T-094 %j is a render error, not a message",
    async (json_body) => {
      const failed = renderContent(chat({ json_body }, [CONNECTION], { data: { page: "Home", quote: 'a"b' } }));
      await expect(failed).rejects.toThrow(RenderError);
      await expect(failed).rejects.toThrow(/^steps\[0\]\.template\.json_body /);
    },
  );

  it("E-181 creates one message per connection, each with its own identifying destination", async () => {
    const connections = [
      CONNECTION,
      { access_token: SECRET, user_id: "U1" },
      { incoming_webhook: { url: `https://hooks.lark.test/${SECRET}` } },
      { ms_teams_channel_id: "T1", ms_teams_team_id: "X" },
    ];
    const { destinations, contents } = await renderStep(chat({ markdown_body: "x" }, connections));
    expect(destinations.map(({ address }) => address)).toEqual(["C1", "U1", "incoming webhook", "T1"]);
    expect(destinations[2]?.snapshot).toEqual({ channel_id: null, user_id: null, via_incoming_webhook: true });
    expect(contents).toHaveLength(4);
  });

  it("contains no secret of a connection, neither in its content nor in its destination", async () => {
    const connections = [
      CONNECTION,
      { ...CONNECTION, incoming_webhook: { url: SECRET } },
      { incoming_webhook: SECRET },
      { access_token: SECRET },
    ];
    const rendered = await renderStep(chat({ markdown_body: "x" }, connections));
    expect(rendered.destinations).toHaveLength(4);
    expect(JSON.stringify(rendered)).not.toContain(SECRET);
  });

  it("T-223 creates no message without a connection", async () => {
    for (const connections of [[], null, {}, "C1", ["C1", null, 5], { channel_id: "C1" }])
      expect((await renderStep(chat({ markdown_body: "x" }, connections))).destinations).toEqual([]);
    const { channelData: _none, ...without } = chat({ markdown_body: "x" });
    expect((await renderStep(without)).destinations).toEqual([]);
  });

  it("T-224 sends WhatsApp messages to the recipient's number", async () => {
    const channel = { provider: "chat_whatsapp" };
    const properties = { phone_number: "+15550000001" };
    const { destinations } = await renderStep(chat({ markdown_body: "x" }, [], { channel, properties }));
    expect(destinations.map(({ address }) => address)).toEqual(["+15550000001"]);
    expect(
      (await renderStep(chat({ markdown_body: "x" }, [CONNECTION], { channel, properties: {} }))).destinations,
    ).toEqual([]);
  });
});

describe("the destination of a chat message in its template", () => {
  const own = (recipient_connection: string, more: object = {}) =>
    renderContent(chat({ markdown_body: "Hi", settings: { recipient_connection } }, [CONNECTION, CONNECTION], more));

  it("E-187 a connection in the template replaces the recipient's connections with one", async () => {
    const template = { markdown_body: "Hi", settings: { recipient_connection: '{"channel_id": "{{ data.room }}"}' } };
    const { contents, destinations } = await renderStep(chat(template, [CONNECTION, {}], { data: { room: "C7" } }));
    expect(destinations).toHaveLength(1);
    expect(contents).toMatchObject([{ connection: { channel_id: "C7" }, metadata: { connection_overridden: true } }]);
  });

  it.each([
    ["{", "is invalid JSON once rendered"],
    ["{{ nope }}", "is empty once rendered"],
    ["[1]", "must be a JSON object once rendered"],
  ])("E-187 %s creates a message that states the error", async (connection, words) => {
    const content = await own(connection);
    expect(content).toMatchObject({ connection: {} });
    expect((content.metadata as JsonObject).connection_fault).toContain(
      `template.settings.recipient_connection ${words}`,
    );
  });

  it.each<[JsonObject, JsonObject]>([
    [{ channel_id: "C1", access_token: SECRET }, { channel_id: "C1" }],
    [{ incoming_webhook: { url: `https://x.test/${SECRET}` } }, { via_incoming_webhook: true }],
  ])("E-187 the secret of %j is only in the delivery", async (connection, shown) => {
    const template = { markdown_body: "Hi", settings: { recipient_connection: "{{ data.to | json }}" } };
    const { contents, destinations } = await renderStep(chat(template, [], { data: { to: connection } }));
    expect(contents).toMatchObject([{ connection: shown, metadata: { connection_overridden: true } }]);
    expect(JSON.stringify(contents)).not.toContain(SECRET);
    const [{ secrets, ...rest }] = destinations as [Destination];
    expect(secrets).toEqual({ connection });
    expect(JSON.stringify(rest)).not.toContain(SECRET);
  });

  it.each<[JsonObject, JsonObject | null]>([
    [{ parent_message_id: "{{ data.ts }}" }, { parent_message_id: "17.5" }],
    [
      { parent_message_id: "{{ data.ts }}", send_to_channel: true },
      { parent_message_id: "17.5", send_to_channel: true },
    ],
    [
      { reply_to_step_ref: "zero", send_to_channel: true },
      { reply_to_step_ref: "zero", send_to_channel: true },
    ],
    [{ send_to_channel: true }, null],
    [
      { parent_message_id: "{{ nope }}" },
      { reply_fault: "steps[0].template.settings.parent_message_id is empty once rendered" },
    ],
  ])("CH-177 %j sets the message's reply fields", async (settings, metadata) => {
    const template = { markdown_body: "Hi", settings };
    expect(await renderContent(chat(template, [CONNECTION], { data: { ts: " 17.5 " } }))).toMatchObject({ metadata });
  });
});
