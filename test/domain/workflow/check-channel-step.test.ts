import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { collectFindings, parseStep, parseSteps } from "../../helpers/parse-step.js";

const TEMPLATES: Record<string, JsonObject> = {
  email: { subject: "S", html_body: "B" },
  sms: { text_body: "M" },
  push: { text_body: "P" },
  chat: { markdown_body: "C" },
  in_app_feed: { markdown_body: "F" },
  http: { method: "get", url: "https://a.test" },
};

function channel(type: string, more: JsonObject = {}): JsonObject {
  return {
    ref: "one",
    type: "channel",
    channel_type: type,
    channel_key: "c",
    template: TEMPLATES[type] ?? {},
    ...more,
  };
}

describe("channel overrides (section 7)", () => {
  it.each([
    ["email", { to_address: "a@b.test", open_tracking: true }],
    ["sms", { link_tracking: true, to_address: null }],
    ["push", { token_deregistration: false }],
    ["chat", { email_based_user_id_resolution: true, link_tracking: false }],
    ["in_app_feed", { link_tracking: true }],
    ["http", {}],
  ])("are accepted on %s: %j", (type, channel_overrides) => {
    expect(parseSteps([channel(type, { channel_overrides })]).steps).toHaveLength(1);
  });

  it.each([
    ["sms", { to_address: "a@b.test" }, "/channel_overrides/to_address has no effect on a step of type sms"],
    [
      "email",
      { token_deregistration: true },
      "/channel_overrides/token_deregistration has no effect on a step of type email",
    ],
    ["http", { link_tracking: true }, "/channel_overrides/link_tracking has no effect on a step of type http"],
    [
      "push",
      { token_deregistration: "yes" },
      "/channel_overrides/token_deregistration must be true or false, found a string",
    ],
  ])("are rejected on %s without an effect: %j", (type, channel_overrides, fault) => {
    expect(collectFindings(() => parseSteps([channel(type, { channel_overrides } as JsonObject)]))).toEqual([fault]);
  });
});

describe("a step with a value that would be ignored", () => {
  it("is rejected for a guide's key on another step", () => {
    expect(collectFindings(() => parseSteps([channel("sms", { guide_key: "tour" })]))).toEqual([
      "/guide_key is only supported in in-app guide steps",
    ]);
  });

  it("is rejected for inputs of a fetch without a shared request", () => {
    const settings = { method: "get", url: "https://a.test", inputs: { a: "1" } };
    expect(collectFindings(() => parseStep("http_fetch", settings))).toEqual([
      "/settings/inputs has no effect without reusable_step_key",
    ]);
  });

  it("is rejected for hours of a day that does not send", () => {
    const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    const send_windows = [
      ...days.map((day) => ({ day, type: "send" })),
      { day: "sunday", type: "do_not_send", from: "09:00" },
    ];
    expect(collectFindings(() => parseSteps([channel("sms", { send_windows })]))).toEqual([
      "/send_windows/6/from has no effect on a day without sending",
    ]);
  });

  it("is rejected for names that are not strings", () => {
    const branches: JsonObject[] = [
      { name: 1, conditions: { all: [{ variable: "data.a", operator: "exists" }] } },
      { name: null, steps: [] },
    ];
    expect(
      collectFindings(() => parseSteps([{ ref: "one", type: "branch", name: [], description: {}, branches }])),
    ).toEqual([
      "/name must be a string, found a list",
      "/description must be a string, found an object",
      "/branches/0/name must be a string, found a number",
    ]);
  });

  it.each<[more: JsonObject, fault: string]>([
    [{ description: "d".repeat(281) }, "/description must be at most 280 characters"],
    [{ tags: "a" }, "/tags must be a list, found a string"],
    [{ goal_attachment: {} }, "/goal_attachment/goal_key is required (a string)"],
    [
      { goal_attachment: { goal_key: "g", attribution_window_days: 31 } },
      "/goal_attachment/attribution_window_days must be a whole number from 1 to 30, found 31",
    ],
  ])("is rejected for %j of the workflow", (more, fault) => {
    expect(collectFindings(() => parseSteps([], more))).toEqual([fault]);
  });
});
