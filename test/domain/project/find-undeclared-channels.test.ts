import { expect, it } from "vitest";
import { findUndeclaredChannels } from "../../../src/domain/project/find-undeclared-channels.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";

const workflow = (channel_key: string) =>
  parseWorkflow("hello", {
    name: "Hello",
    steps: [{ ref: "a", type: "channel", channel_type: "sms", channel_key, template: { text_body: "x" } }],
  });
const environment = parseEnvironment({ channels: { twilio: { type: "sms" }, off: null } }, "environment.json");

it.each([
  ["twillio", 'did you mean "twilio"?'],
  ["something-else", 'did you mean "twilio", its only sms channel?'],
])("findUndeclaredChannels warns about %s with its location and the nearest channel", (key, suggestion) => {
  expect(findUndeclaredChannels(workflow(key), environment)).toEqual([
    { path: ["steps", 0, "channel_key"], message: `"${key}" is not declared in environment.json; ${suggestion}` },
  ]);
});

it.each(["twilio", "off"])("findUndeclaredChannels accepts %s, which is declared", (key) => {
  expect(findUndeclaredChannels(workflow(key), environment)).toEqual([]);
});

it("findUndeclaredChannels accepts everything if the environment declares no channel", () => {
  expect(findUndeclaredChannels(workflow("sms"), parseEnvironment({}, "environment.json"))).toEqual([]);
});
