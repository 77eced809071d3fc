import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { formatRuns, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

function post(settings: JsonObject): JsonObject {
  const template = { markdown_body: "Import of {{ recipient.name }} failed", settings };
  return { ref: "chat_1", type: "channel", channel_type: "chat", channel_key: "chatty", template };
}

async function prepare(h: EngineHarness, steps: JsonObject[]): Promise<void> {
  const { chatty } = h.environment.channels;
  if (chatty) Object.assign(chatty, { provider: "chat_slack", settings: { internal: true } });
  const connections: JsonObject[] = [{ access_token: "xoxb-own", channel_id: "COWN" }, { channel_id: "COTHER" }];
  await h.identify({
    id: "ana",
    name: "Ana",
    preferences: { default: { channel_types: { chat: false } } },
    channel_data: { "c-chat": { connections } },
  });
  h.define("alert", { steps });
}

describe("CH-178 an internal Slack channel", () => {
  it("sends one message to the step's destination, whatever the recipient's preferences and connections", () =>
    withHarness(async (h) => {
      await prepare(h, [post({ recipient_connection: '{"channel_id":"C0SUPPORT"}' })]);
      expect(formatRuns(await h.trigger("alert", { recipients: ["ana"] }))).toEqual({
        ana: "completed: chat_1 sent",
      });
      const messages = await h.listMessages();
      expect(messages).toMatchObject([
        { recipient: "$users/ana", content: { connection: { channel_id: "C0SUPPORT" } } },
      ]);
      expect(JSON.stringify(messages)).not.toMatch(/COWN|COTHER|xoxb/);
    }));

  it("skips a step without a destination", () =>
    withHarness(async (h) => {
      await prepare(h, [post({})]);
      expect(formatRuns(await h.trigger("alert", { recipients: ["ana"] }))).toEqual({
        ana: "completed: chat_1 skipped missing_recipient_data",
      });
    }));
});
