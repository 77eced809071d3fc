import { describe, expect, it } from "vitest";
import type { EvaluatedCondition } from "../../../src/domain/condition/evaluated-condition.js";
import type { Step } from "../../../src/domain/step/step.js";
import { buildWorkflowOutline } from "../../../src/domain/workflow/workflow-outline.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { parseSteps } from "../../helpers/parse-step.js";

const parseOne = (raw: JsonObject): Step => parseSteps([raw]).steps[0] as Step;
const outlineStep = (raw: JsonObject) => buildWorkflowOutline({ conditions: null, steps: [parseOne(raw)] }).steps[0];
const condition = (variable: string, argument: Json) => ({ variable, operator: "equal_to" as const, argument });

describe("the outline of a workflow", () => {
  it.each([
    [{ delay_for: { unit: "minutes", value: 30 } }, "30 minutes"],
    [{ delay_for: { unit: "hours", value: 1 } }, "1 hour"],
    [{ delay_until_field_path: "data.at" }, "until data.at"],
    [{ delay_until_field_path: "data.at", delay_for: { unit: "hour", value: -2 } }, "2 hours before data.at"],
    [{ delay_until_field_path: "data.at", delay_for: { unit: "day", value: 1 } }, "1 day after data.at"],
  ])("summarizes the delay %j as %s", (settings, summary) => {
    expect(outlineStep({ ref: "d", type: "delay", settings })?.summary).toBe(summary);
  });

  const window = { unit: "hours", value: 1 };
  it.each([
    ["batch", { batch_window: window, batch_key: "page" }, "1 hour, by page"],
    ["batch", { batch_window: window }, "1 hour"],
    ["throttle", { throttle_window: window, throttle_limit: 3, throttle_key: "page" }, "3 per 1 hour, by page"],
    ["http_fetch", { method: "get", url: "https://a.test/" }, "GET https://a.test/"],
    ["http_fetch", { reusable_step_key: "profile" }, "request profile"],
    ["trigger_workflow", { workflow_key: "next" }, "next"],
    ["update_audience", { action: "add", audience_key: "club" }, "add to club"],
    ["update_audience", { action: "remove", audience_key: "club" }, "remove from club"],
    ["update_data", { data: "{}" }, null],
  ])("summarizes a %s step with %j as %s", (type, settings, summary) => {
    expect(outlineStep({ ref: "s", type, settings } as JsonObject)?.summary).toBe(summary);
  });

  const source = { event_type: "integration_source", integration_source_key: "shop", event_key: "paid" };
  it.each([
    [source, "paid from shop"],
    [
      { event_type: "message", source_type: "workflow", source_key: "hello", event_key: "read" },
      "message of hello read",
    ],
    [{ event_type: "workflow", source_key: "hello", event_key: "completed" }, "workflow hello completed"],
    [{ event_type: "audience", audience_key: "club", event_key: "enter" }, "recipient enters club"],
    [{ event_type: "audience", audience_key: "club", event_key: "exit" }, "recipient leaves club"],
    [{ event_type: "recipient", event_key: "updated" }, "recipient updated"],
  ])("summarizes a wait for %j", (event, summary) => {
    const match_conditions = [{ operator: "and", conditions: [condition("event.a", "1")] }];
    expect(outlineStep({ ref: "w", type: "wait_for_event", settings: { event, match_conditions } })?.summary).toBe(
      `${summary}, up to 15 minutes`,
    );
  });

  const nested = {
    any: [
      condition("data.severity", "critical"),
      { all: [condition("data.severity", "high"), condition("data.n", "10")] },
    ],
  };
  const branches = {
    ref: "branch_1",
    type: "branch",
    branches: [
      { name: "Critical", terminates: true, conditions: nested, steps: [step.sms()] },
      { conditions: { all: [condition("data.b", true)] }, steps: [] },
      { steps: [] },
    ],
  } as JsonObject;

  it("contains branches with their names, conditions and steps", () => {
    expect(outlineStep(branches)?.branches).toMatchObject([
      {
        name: "Critical",
        share: null,
        terminates: true,
        conditions: {
          match: "any",
          conditions: [
            { text: 'data.severity equal_to "critical"' },
            { match: "all", conditions: [{ text: 'data.severity equal_to "high"' }, { text: "data.n equal_to 10" }] },
          ],
        },
        steps: [{ ref: "sms_1", channel_type: "sms" }],
      },
      { name: "branch 2", conditions: { conditions: [{ text: "data.b equal_to true" }] }, steps: [] },
      { name: "default", is_default: true, conditions: null },
    ]);
  });

  it("contains cohorts with their shares", () => {
    const cohorts: Json = [
      { percentage: 12.5, steps: [] },
      { name: "Rest", percentage: 87.5, steps: [] },
    ];
    expect(outlineStep({ ref: "c", type: "random_cohort", cohort_branches: cohorts })?.branches).toMatchObject([
      { name: "cohort 1", share: "12.5 %", is_default: false },
      { name: "Rest", share: "87.5 %", is_default: false },
    ]);
  });

  it("assigns a run's results and values to the conditions of the trigger, steps and branches", () => {
    const evaluated = (argument: Json, value: unknown, result: boolean | null): EvaluatedCondition => ({
      ...condition("data.x", argument),
      value,
      result,
    });
    const outline = buildWorkflowOutline(
      {
        conditions: buildCondition("data.x", "equal_to", 1) as never,
        steps: [
          parseOne(step.email("S", "B", { conditions: buildCondition("data.x", "equal_to", 2) })),
          parseOne(branches),
        ],
      },
      {
        trigger: [evaluated(1, 1, true)],
        steps: new Map([
          ["email_1", [evaluated(2, undefined, false)]],
          ["branch_1", [evaluated("critical", "low", false), evaluated("high", "low", false), evaluated(10, 3, null)]],
        ]),
      },
    );
    expect(outline.conditions?.conditions).toEqual([{ text: "data.x equal_to 1", result: true, value: "1" }]);
    const [email, branch] = outline.steps;
    expect(email?.conditions?.conditions).toEqual([{ text: "data.x equal_to 2", result: false, value: "missing" }]);
    expect(branch?.branches.map(({ conditions }) => conditions?.conditions)).toEqual([
      [
        { text: 'data.severity equal_to "critical"', result: false, value: '"low"' },
        {
          match: "all",
          conditions: [
            { text: 'data.severity equal_to "high"', result: false, value: '"low"' },
            { text: "data.n equal_to 10", result: null },
          ],
        },
      ],
      [{ text: "data.b equal_to true", result: null }],
      undefined,
    ]);
  });
});
