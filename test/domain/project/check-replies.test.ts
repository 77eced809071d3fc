import { expect, it } from "vitest";
import { createDefaultEnvironment } from "../../../src/domain/environment/environment.js";
import { resolveChannelTypes } from "../../../src/domain/project/resolve-channel-types.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import type { JsonObject } from "../../../src/util/json.js";

const chat = (ref: string, reply_to_step_ref = "", channel_key = "slack"): JsonObject => ({
  ref,
  type: "channel",
  channel_type: "chat",
  channel_key,
  template: { markdown_body: "Hi", settings: { reply_to_step_ref } },
});
const sms: JsonObject = { ...chat("sms"), channel_type: "sms", channel_key: "text", template: { text_body: "Hi" } };
const branch = (steps: JsonObject[]): JsonObject => ({
  ref: "fork",
  type: "branch",
  branches: [
    { name: "a", terminates: false, conditions: { all: [{ variable: "data.a", operator: "exists" }] }, steps },
    { name: "else", terminates: false, steps: [] },
  ],
});

const checked = (steps: JsonObject[]) =>
  resolveChannelTypes(parseWorkflow("w", { name: "W", steps }), createDefaultEnvironment());

it.each([
  ["an earlier step", [chat("one"), sms, chat("two", "one")]],
  ["a step before the branch that contains it", [chat("one"), branch([chat("two", "one")])]],
  ["an earlier step in the same branch", [branch([chat("one"), chat("two", "one")])]],
])("E-188 resolveChannelTypes accepts a reply to %s", (_title, steps) => {
  expect(checked(steps).steps).toHaveLength(steps.length);
});

it.each([
  ["names no step", [chat("two", "gone")], "steps[0]", 'is not a step of this workflow: "gone"'],
  ["names a step that is not a chat step", [sms, chat("two", "sms")], "steps[1]", 'is not a chat step: "sms"'],
  [
    "names itself",
    [chat("two", "two")],
    "steps[0]",
    'must be a step that every run reaches before this one, not "two"',
  ],
  [
    "names a later step",
    [chat("two", "one"), chat("one")],
    "steps[0]",
    "must be a step that every run reaches before this one",
  ],
  [
    "names a step of a branch",
    [branch([chat("one")]), chat("two", "one")],
    "steps[1]",
    "that every run reaches before",
  ],
  ["uses another channel", [chat("one"), chat("two", "one", "other")], "steps[1]", "with the same channel"],
])("E-188 resolveChannelTypes rejects a reply that %s", (_title, steps, place, words) => {
  expect(() => checked(steps)).toThrow(`workflow "w": ${place}.template.settings.reply_to_step_ref`);
  expect(() => checked(steps)).toThrow(words);
});
