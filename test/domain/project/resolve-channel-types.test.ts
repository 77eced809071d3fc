import { describe, expect, it } from "vitest";
import { resolveChannelTypes } from "../../../src/domain/project/resolve-channel-types.js";
import { walkSteps } from "../../../src/domain/step-types/walk-steps.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import type { Workflow } from "../../../src/domain/workflow/workflow.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";

const environment = (channels: JsonObject) => parseEnvironment({ channels }, "environment.json");
const step = (channel_key: string, template: Json, more: JsonObject = {}): JsonObject => ({
  ref: channel_key,
  type: "channel",
  channel_key,
  template,
  ...more,
});

function resolve(steps: Json[], channels: JsonObject): Workflow {
  return resolveChannelTypes(parseWorkflow("w", { steps }), environment(channels));
}
const faults = (steps: Json[], channels: JsonObject): string[] =>
  formatDetails(catchThrown(() => resolve(steps, channels)));

describe("resolveChannelTypes (F-041, F-057)", () => {
  it("sets a missing step type to that of its channel, also inside branches, and checks its template", () => {
    const inner = step("text", { text_body: "x" });
    const branch: JsonObject & { branches: JsonObject[] } = {
      ref: "b",
      type: "branch",
      branches: [{ conditions: { all: [{ variable: "data.a", operator: "exists" }] }, steps: [inner] }, {}],
    };
    const workflow = resolve([branch], { text: { type: "sms" } });
    const types = [...walkSteps(workflow.steps)].map(({ step: resolvedStep }) =>
      resolvedStep.type === "channel" ? resolvedStep.channel_type : resolvedStep.type,
    );
    expect(types).toEqual(["branch", "sms"]);
    expect(
      faults([{ ...branch, branches: [{ ...branch.branches[0], steps: [step("text", {})] }, {}] } as Json], {
        text: { type: "sms" },
      }),
    ).toEqual(["/steps/0/branches/0/steps/0/template/text_body is required (a string)"]);
  });

  it("leaves a step unchanged if its channel is undeclared or not configured in this environment", () => {
    const [resolvedStep] = resolve([step("text", { text_body: "x" }, { channel_type: "sms" })], {}).steps;
    expect(resolvedStep).toMatchObject({ channel_type: "sms" });
    expect(() => resolve([step("text", { text_body: "x" }, { channel_type: "sms" })], { text: null })).not.toThrow();
  });

  it.each<[string, Json, JsonObject, string]>([
    [
      "a step without type and channel",
      step("text", {}),
      {},
      '/steps/0/channel_type is required: no channel "text" is declared',
    ],
    [
      "a step without type and with a channel that is not configured",
      step("text", {}),
      { text: null },
      '/steps/0/channel_type is required: no channel "text" is declared',
    ],
    [
      "a step with another type than its channel",
      step("text", { text_body: "x" }, { channel_type: "sms" }),
      { text: { type: "email" } },
      '/steps/0/channel_type is "sms", but channel "text" is of type "email"',
    ],
    [
      "a channel of guides in an old file",
      step("g", { text_body: "x" }),
      { g: { type: "in_app_guide" } },
      expect.stringMatching(/^\/steps\/0\/channel_type is required/),
    ],
  ])("rejects %s", (_what, raw, channels, fault) => {
    expect(faults([raw], channels)).toEqual([fault]);
  });

  it.each(["constructor", "toString", "__proto__", "valueOf"])("treats a channel called %s as undeclared", (key) => {
    expect(() => resolve([step(key, { text_body: "x" }, { channel_type: "sms" })], {})).not.toThrow();
    expect(faults([step(key, { text_body: "x" })], {})).toEqual([expect.stringContaining("is declared")]);
  });
});
