import { describe, expect, it } from "vitest";
import { resolveChannelTypes } from "../../../src/domain/project/resolve-channel-types.js";
import { walkSteps } from "../../../src/domain/step-types/walk-steps.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { createCaseEnvironment } from "../../helpers/case-environment.js";
import { buildDuration, collectFindings, parseStep, parseSteps } from "../../helpers/parse-step.js";

const delay = (ref: string): JsonObject => ({ ref, type: "delay", settings: { delay_for: buildDuration(1) } });
const cohort = (percentage: Json, ...steps: JsonObject[]): JsonObject => ({ percentage, steps });
const experiment = (cohort_branches: Json, more: JsonObject = {}): JsonObject => ({
  ref: "experiment",
  type: "random_cohort",
  cohort_branches,
  ...more,
});
const exists = { all: [{ variable: "data.a", operator: "exists" }] };

describe("random_cohort (F-045)", () => {
  it("E-313 converts percentages to tenths, from numbers and from decimal text", () => {
    const [step] = parseSteps([experiment([cohort(33.3), cohort("33.3"), cohort("33.40"), cohort(0)])]).steps;
    expect(step).toMatchObject({
      cohort_key: null,
      cohort_branches: [333, 333, 334, 0].map((percentage_tenths) => ({
        name: null,
        percentage_tenths,
        terminates: false,
        steps: [],
      })),
    });
  });

  it("section 9.6 keeps the key, names and terminates, and ignores conditions, even malformed ones", () => {
    const branches = [{ name: "A", percentage: 50, terminates: true }, cohort(50)];
    for (const conditions of [exists, { all: "x" }, 7]) {
      const [step] = parseSteps([experiment(branches, { cohort_key: "tenant.id", conditions })]).steps;
      expect(step).toMatchObject({ conditions: null, cohort_key: "tenant.id" });
      expect(step).toMatchObject({ cohort_branches: [{ name: "A", terminates: true }, { name: null }] });
    }
  });

  const tooMany = Array.from({ length: 11 }, (_, index) => cohort(index === 0 ? 100 : 0));
  const decimal = "must be from 0 to 100, with at most one decimal";
  it.each([
    ["F-045 one cohort", [cohort(100)], "/cohort_branches must be a list of 2 to 10 cohorts"],
    ["F-045 eleven", tooMany, "/cohort_branches must be a list of 2 to 10 cohorts"],
    ["F-045 none", null, "/cohort_branches must be a list of 2 to 10 cohorts"],
    ["F-045 sum 99.9", [cohort(50), cohort(49.9)], "/cohort_branches the percentages must sum to 100, found 99.9"],
    ["F-045 sum 100.1", [cohort("50.1"), cohort(50)], "/cohort_branches the percentages must sum to 100, found 100.1"],
    ["F-045 two decimals", [cohort(33.33), cohort(66.67)], `/cohort_branches/0/percentage ${decimal}`],
    ["F-045 two decimals as text", [cohort("99.99"), cohort("0.1")], `/cohort_branches/0/percentage ${decimal}`],
    ["F-045 negative", [cohort(-1), cohort(100)], `/cohort_branches/0/percentage ${decimal}`],
    ["F-045 above 100", [cohort(100), cohort(101)], `/cohort_branches/1/percentage ${decimal}`],
    ["F-045 no number", [cohort("half"), cohort(50)], `/cohort_branches/0/percentage ${decimal}`],
    ["F-045 empty text", [cohort(""), cohort(100)], `/cohort_branches/0/percentage ${decimal}`],
    ["no object", [cohort(100), "x"], "/cohort_branches/1 must be an object, found a string"],
    [
      "terminates",
      [cohort(100), { percentage: 0, terminates: "yes" }],
      "/cohort_branches/1/terminates must be true or false, found a string",
    ],
    ["ref", [cohort(100), { percentage: 0, ref: 7 }], "/cohort_branches/1/ref must be a string, found a number"],
    [
      "default",
      [cohort(100), { percentage: 0, default: "yes" }],
      "/cohort_branches/1/default must be true or false, found a string",
    ],
  ] as [string, Json, string][])("rejects %s", (_title, branches, fault) => {
    expect(collectFindings(() => parseSteps([experiment(branches)]))[0]).toBe(fault);
  });

  it("rejects a cohort_key that is not a string", () => {
    expect(collectFindings(() => parseSteps([experiment([cohort(50), cohort(50)], { cohort_key: 1 })]))).toEqual([
      "/cohort_key must be a string (a path or a template)",
    ]);
  });
});

/** Returns so many branches and cohorts nested in each other, alternately. */
function nestedSteps(depth: number, cohortsOnly = false): JsonObject {
  const inner = depth === 1 ? delay("bottom") : nestedSteps(depth - 1, cohortsOnly);
  return cohortsOnly || depth % 2 === 0
    ? { ...experiment([cohort(100, inner), cohort(0)]), ref: `e${depth}` }
    : { ref: `b${depth}`, type: "branch", branches: [{ conditions: exists, steps: [inner] }, { steps: [] }] };
}

describe("nesting", () => {
  it("F-055 includes cohorts in walkSteps, with their location", () => {
    const workflow = parseSteps([
      delay("first"),
      experiment([cohort(100, delay("second")), cohort(0, delay("third"))]),
    ]);
    expect([...walkSteps(workflow.steps)].map(({ step, path }) => `${step.ref} ${path}`)).toEqual([
      "first steps[0]",
      "experiment steps[1]",
      "second steps[1].cohort_branches[0].steps[0]",
      "third steps[1].cohort_branches[1].steps[0]",
    ]);
  });

  it("F-044 F-045 is limited to five branches and cohorts together", () => {
    for (const cohortsOnly of [true, false]) {
      expect([...walkSteps(parseSteps([nestedSteps(5, cohortsOnly)]).steps)]).toHaveLength(6);
      const [fault] = collectFindings(() => parseSteps([nestedSteps(6, cohortsOnly)]));
      expect(fault).toMatch(/branches may nest at most 5 deep$/);
    }
  });

  it("is reported as an error of the file if excessive, without a stack overflow", () => {
    let deep: JsonObject = delay("bottom");
    for (let i = 0; i < 20_000; i++)
      deep = { ref: `e${i}`, type: "random_cohort", cohort_branches: [{ steps: [deep] }] };
    expect(() => parseSteps([deep])).toThrow(expect.objectContaining({ code: "workflow_invalid" }));
  });

  it("F-040 requires unique refs across cohorts", () => {
    const steps = [delay("a"), experiment([cohort(100, delay("a")), cohort(0)])];
    expect(collectFindings(() => parseSteps(steps))).toEqual([
      '/steps/1/cohort_branches/0/steps/0/ref "a" is already the ref of another step',
    ]);
  });

  it("F-044 allows only empty conditions on a branch step", () => {
    const branch: JsonObject = { ref: "b", type: "branch", branches: [{ conditions: exists }, {}] };
    expect(collectFindings(() => parseSteps([{ ...branch, conditions: exists }]))).toEqual([
      "/conditions a branch step has no conditions of its own",
    ]);
    expect(collectFindings(() => parseSteps([{ ...branch, conditions: { all: [] } }]))).toEqual([]);
  });
});

describe("conditions (F-053)", () => {
  const wait = { ref: "wait_1", type: "wait_for_event", settings: { event: { event_type: "recipient" } } };
  const conditions = (variable: string): JsonObject => ({
    all: [{ variable, operator: "equal_to", argument: "true" }],
  });

  it("E-132 refer to a wait step", () => {
    expect(
      collectFindings(() => parseSteps([wait, { ...delay("d"), conditions: conditions("refs.wait_1.matched") }])),
    ).toEqual([]);
  });

  it("section 6.1 use event in match conditions only", () => {
    const fault = "can use event only in match conditions of a wait_for_event step";
    expect(collectFindings(() => parseSteps([{ ...delay("d"), conditions: conditions("event.a") }]))).toEqual([
      `/conditions/all/0/variable ${fault}`,
    ]);
    expect(collectFindings(() => parseSteps([wait], { conditions: conditions("event.a") }))).toEqual([
      `/conditions/all/0/variable ${fault}`,
    ]);
  });
});

describe("the workflow's trigger (F-025)", () => {
  const audience = { type: "audience", audience_key: "beta" };
  const event = { type: "event", source_key: "shop", event_key: "paid" };
  const update = (action: string) => [
    { ref: "u", type: "update_audience", settings: { action, audience_key: "beta" } },
  ];

  it("is kept, and null if absent", () => {
    expect(parseSteps([]).trigger).toBeNull();
    expect(parseSteps([], { trigger: audience }).trigger).toEqual(audience);
    expect(parseSteps([], { trigger: event }).trigger).toEqual({ ...event, mapping: {} });
    const mapping = { recipients: "user_id" };
    expect(parseSteps([], { trigger: { ...event, mapping } }).trigger).toEqual({ ...event, mapping });
  });

  it.each([
    ["audience", "/trigger must be an object, found a string"],
    [{ type: "cron" }, '/trigger/type must be "audience" or "event", found "cron"'],
    [{ type: "audience" }, "/trigger/audience_key is required (a string)"],
    [{ type: "event", source_key: "a" }, "/trigger/event_key is required (a string)"],
    [{ ...event, mapping: [] }, "/trigger/mapping must be an object, found a list"],
  ] as [Json, string][])("rejects %o", (trigger, fault) => {
    expect(collectFindings(() => parseSteps([], { trigger }))).toEqual([fault]);
  });

  it("E-333 rejects a step that adds members to the audience that triggers the workflow", () => {
    expect(collectFindings(() => parseSteps(update("add"), { trigger: audience }))).toEqual([
      '/settings/audience_key is the audience that triggers this workflow: the step cannot add users to "beta" here',
    ]);
    expect(collectFindings(() => parseSteps(update("remove"), { trigger: audience }))).toEqual([]);
    expect(collectFindings(() => parseSteps(update("add"), { trigger: { ...audience, audience_key: "vip" } }))).toEqual(
      [],
    );
    expect(collectFindings(() => parseSteps(update("add")))).toEqual([]);
  });
});

describe("channel groups and guides (F-041)", () => {
  const push = (more: JsonObject): JsonObject => ({
    ref: "p",
    type: "channel",
    channel_type: "push",
    template: { title: "T", text_body: "B" },
    ...more,
  });
  const guide = (more: JsonObject = {}): JsonObject => ({
    ref: "g",
    type: "channel",
    channel_type: "in_app_guide",
    ...more,
  });

  it("are set on a step in place of a channel, or absent for a guide", () => {
    expect(parseSteps([push({ channel_group_key: "phones" })]).steps[0]).toMatchObject({
      channel_key: null,
      channel_group_key: "phones",
      guide_key: null,
    });
    expect(parseSteps([guide({ guide_key: "tour" })]).steps[0]).toMatchObject({
      channel_key: null,
      guide_key: "tour",
      template: null,
    });
  });

  const chat = { channel_type: "chat", template: { markdown_body: "a", settings: { reply_to_step_ref: "x" } } };
  const hook = { channel_type: "http", template: { method: "get", url: "a", inputs: { a: "b" } } };
  it.each([
    ["neither", push({}), "/channel_key is required (the key of a channel)"],
    [
      "both",
      push({ channel_key: "ios", channel_group_key: "phones" }),
      "/channel_group_key cannot be combined with channel_key",
    ],
    [
      "section 7.7 a guide",
      guide({ channel_group_key: "phones" }),
      "/channel_group_key is unsupported in in-app guide steps",
    ],
    [
      "section 7 overrides",
      guide({ channel_overrides: { link_tracking: true } }),
      "/channel_overrides is unsupported in in-app guide steps",
    ],
    [
      "section 7.7 a template",
      guide({ template: { title: "T" } }),
      "/template is unsupported in in-app guide steps: the content is in the guide",
    ],
    [
      "send windows",
      guide({
        send_windows: ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((day) => ({
          day,
          type: "send",
        })),
      }),
      "/send_windows is unsupported in in-app guide steps",
    ],
    [
      "CH-064 a reply",
      push({ channel_group_key: "g", ...chat }),
      "/template/settings/reply_to_step_ref cannot be used with a channel group",
    ],
    [
      "CH-064 inputs",
      push({ channel_group_key: "g", ...hook }),
      "/template/inputs cannot be used with a channel group",
    ],
    ["no template", { ...push({ channel_key: "ios" }), template: null }, "/template is required"],
  ] as [string, JsonObject, string][])("reject %s", (_title, step, fault) => {
    expect(collectFindings(() => parseSteps([step]))).toEqual([fault]);
  });

  it("determine the step's type, which must match the group's", () => {
    const environment = createCaseEnvironment();
    environment.channel_groups.phones = { key: "phones", type: "push", operator: "any", rules: [] };
    const old = parseSteps([push({ channel_type: null, channel_group_key: "phones" })]);
    expect(resolveChannelTypes(old, environment).steps[0]).toMatchObject({ channel_type: "push" });
    const resolve = (step: JsonObject) => collectFindings(() => resolveChannelTypes(parseSteps([step]), environment));
    expect(resolve(push({ channel_type: "sms", channel_group_key: "phones" }))).toEqual([
      '/channel_type is "sms", but channel group "phones" is of type "push"',
    ]);
    expect(resolve(push({ channel_type: null, channel_group_key: "constructor" }))).toEqual([
      '/channel_type is required: no channel group "constructor" is declared',
    ]);
    expect(resolve(push({ channel_group_key: "other" }))).toEqual([]);
  });

  it("section 7.7 require a guide step to declare its type", () => {
    const environment = createCaseEnvironment();
    environment.channels.tour = { ...(environment.channels.feed as never as object), type: "in_app_guide" } as never;
    const step = push({ channel_type: null, channel_key: "tour" });
    expect(collectFindings(() => resolveChannelTypes(parseSteps([step]), environment))).toEqual([
      '/channel_type is required: channel "tour" is of type "in_app_guide", which is never inferred',
    ]);
  });
});

describe("an unknown step type", () => {
  it("suggests the nearest of all types", () => {
    expect(collectFindings(() => parseStep("wait_for_events", {}))[0]).toContain('did you mean "wait_for_event"?');
  });
});
