import { describe, expect, it } from "vitest";
import { formatContent } from "../../src/output/format-content.js";
import type { JsonObject } from "../../src/util/json.js";

const slack = (template: JsonObject, connection: JsonObject = { channel_id: "C1", channel_name: "incidents" }) =>
  formatContent({ __typename: "MessageChatContent", connection, template });

describe("a chat message", () => {
  it("shows its channel, its summary and its body", () => {
    const blocks = [{ type: "markdown", name: "body", content: "*payments* is well again" }];
    expect(slack({ blocks, json_content: null, summary: "well again" })).toEqual([
      ["to", "#incidents (C1)"],
      ["summary", "well again"],
      ["body", "*payments* is well again"],
    ]);
  });

  it("shows Slack blocks as an outline with a line for each element with text", () => {
    const json_content: JsonObject = {
      blocks: [
        { type: "header", text: { type: "plain_text", text: "Incident" } },
        {
          type: "section",
          text: { type: "mrkdwn", text: "*inc-7*\nclosed" },
          fields: [{ type: "mrkdwn", text: "by marta" }],
          accessory: { type: "button", text: { type: "plain_text", text: "Open" }, url: "https://x.test" },
        },
        { type: "divider" },
        { type: "actions", elements: [{ type: "button", text: { type: "plain_text", text: "Reopen" } }] },
      ],
    };
    expect(slack({ blocks: null, json_content, summary: null })).toEqual([
      ["to", "#incidents (C1)"],
      [
        "blocks",
        [
          "header: Incident",
          "section: *inc-7* closed",
          "  mrkdwn: by marta",
          "  button: Open → https://x.test",
          "divider",
          "actions",
          "  button: Reopen",
        ].join("\n"),
      ],
    ]);
  });

  it("shows an Adaptive Card as an outline with limited nesting", () => {
    const deep = (depth: number): JsonObject =>
      depth === 0 ? { type: "TextBlock", text: "end" } : { type: "Container", items: [deep(depth - 1)] };
    const json_content: JsonObject = {
      type: "message",
      attachments: [{ content: { type: "AdaptiveCard", body: [{ type: "TextBlock", text: "Hi" }, deep(20)] } }],
    };
    const [, [, text = ""] = []] = slack({ blocks: null, json_content, summary: null }, { user_id: "U1" });
    expect(text.split("\n").slice(0, 3)).toEqual(["message", "  AdaptiveCard", "    TextBlock: Hi"]);
    expect(text).not.toContain("end");
  });
});

it("E-178 an email shows its headers and the provider's overrides separately", () => {
  const email = (json_overrides: JsonObject) =>
    formatContent({ __typename: "MessageEmailContent", to: "a@b.test", headers: { "X-A": "1" }, json_overrides });
  expect(email({ headers: { "X-A": "1" } })).toEqual([
    ["to", "a@b.test"],
    ["X-A", "1"],
  ]);
  expect(email({ headers: { "X-A": "1" }, MessageStream: "news" })).toEqual([
    ["to", "a@b.test"],
    ["X-A", "1"],
    ["overrides", JSON.stringify({ MessageStream: "news" }, null, 2)],
  ]);
});

it("shows chat JSON unchanged when there is nothing to outline", () => {
  const json_content = { template: { name: "welcome", language: { code: "en" } } };
  const [, shown] = slack({ blocks: null, json_content, summary: null }, { phone_number: "+15550100" });
  expect(shown).toEqual(["json", JSON.stringify(json_content, null, 2)]);
});

it("shows its recipient: a user by email, the message it replies to, or the reason why it has no recipient", () => {
  const template = { blocks: null, json_content: null, summary: "s" };
  const lines = (connection: JsonObject, metadata: JsonObject) =>
    formatContent({ __typename: "MessageChatContent", connection, template, metadata });
  expect(lines({ email: "ada@lark.test" }, { reply_to_step_ref: "chat_1" })).toEqual([
    ["to", "ada@lark.test"],
    ["reply to", "chat_1"],
    ["summary", "s"],
  ]);
  expect(lines({}, { connection_fault: "it is empty" })[0]).toEqual(["to", "nobody: it is empty"]);
});

it("an SMS and a push show their overrides", () => {
  const payload_overrides = { ttl: 5 };
  const shown = ["overrides", JSON.stringify(payload_overrides, null, 2)];
  expect(formatContent({ __typename: "MessageSmsContent", to: "+1", body: "hi", payload_overrides })).toContainEqual(
    shown,
  );
  expect(formatContent({ __typename: "MessagePushContent", token: "t", payload_overrides })).toContainEqual(shown);
});

it("an email explains how to see its HTML only where the command can show it", () => {
  const content = { __typename: "MessageEmailContent", html_body: "<p>x</p>" };
  expect(formatContent(content)).toEqual([["html", "8 B"]]);
  expect(formatContent(content, "; --open")).toEqual([["html", "8 B; --open"]]);
});

it("a webhook encodes its query and appends it to the query of its address", () => {
  const query_params = [{ key: "q", value: "a b&c" }];
  const content = {
    __typename: "MessageWebhookContent",
    method: "get",
    url: "https://status.test/x?a=1",
    query_params,
  };
  expect(formatContent(content)).toEqual([["request", "GET https://status.test/x?a=1&q=a+b%26c"]]);
});

it("a webhook shows its request: method, address with query, headers and body", () => {
  const content = {
    __typename: "MessageWebhookContent",
    method: "post",
    url: "https://status.test/x",
    headers: [{ key: "x-service", value: "payments" }],
    query_params: [{ key: "notify", value: "false" }],
    body: "{}",
  };
  expect(formatContent(content)).toEqual([
    ["request", "POST https://status.test/x?notify=false"],
    ["x-service", "payments"],
    ["body", "{}"],
  ]);
});

it("a feed item shows its buttons with labels and actions", () => {
  const buttons = [
    { name: "primary", label: "Yes", action: "https://a.test" },
    { name: "secondary", label: "No", action: "https://b.test" },
  ];
  const content = { __typename: "MessageInAppFeedContent", blocks: [{ type: "button_set", name: "actions", buttons }] };
  expect(formatContent(content)).toEqual([["actions", "[Yes] https://a.test\n[No] https://b.test"]]);
});
