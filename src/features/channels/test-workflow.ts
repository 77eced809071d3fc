import type { ChannelType } from "../../domain/message/channel-types.js";
import { parseWorkflow } from "../../domain/workflow/parse-workflow.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { JsonObject } from "../../util/json.js";

/** The workflow of test messages. No file has it. */
export const TEST_WORKFLOW = "knock-channel-test";

/** Returns the template of the test message; undefined for types whose messages have no address of their own to test. */
function buildTemplate(channel: string, type: ChannelType): JsonObject | undefined {
  const text = `This message tests the channel "${channel}". You don't need to do anything.`;
  const templates: Partial<Record<ChannelType, JsonObject>> = {
    email: { subject: `Test of the channel "${channel}"`, text_body: text, html_body: `<p>${text}</p>` },
    sms: { text_body: text },
    push: { title: "Test message", text_body: text },
    chat: { markdown_body: text },
  };
  return templates[type];
}

/** Returns the workflow that sends a test message through a channel, regardless of preferences; null for feeds, guides and webhooks. */
export function buildTestWorkflow(channel: string, type: ChannelType): Workflow | null {
  const template = buildTemplate(channel, type);
  if (template === undefined) return null;
  const step = { ref: "test", type: "channel", channel_type: type, channel_key: channel, template };
  const settings = { override_preferences: true };
  return parseWorkflow(TEST_WORKFLOW, { name: "Channel test", settings, steps: [step] });
}
