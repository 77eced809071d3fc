import { expect, test } from "vitest";
import { parseEnvironment } from "../../../src/domain/environment/parse-environment.js";
import { undeclaredChannels } from "../../../src/domain/project/undeclared-channels.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";

const workflow = (channel_key: string) =>
  parseWorkflow("hello", {
    name: "Hello",
    steps: [{ ref: "a", type: "channel", channel_type: "sms", channel_key, template: { text_body: "x" } }],
  });
const environment = parseEnvironment({ channels: { twilio: { type: "sms" }, off: null } }, "environment.json");

test("a key that is nearly a declared one is told of, with the place", () => {
  expect(undeclaredChannels(workflow("twillio"), environment)).toEqual([
    'steps[0].channel_key "twillio" is not declared in environment.json; did you mean "twilio"?',
  ]);
});

test.each(["twilio", "off", "something-else"])("%s is not", (key) => {
  expect(undeclaredChannels(workflow(key), environment)).toEqual([]);
});
