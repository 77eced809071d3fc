import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { describeEngineCases, type EngineCase, formatMessage, withHarness } from "../../helpers/engine-case.js";

interface Branches {
  first?: JsonObject;
  otherwise?: JsonObject[];
}

function branch({ first = {}, otherwise = [step.feed()] }: Branches = {}): JsonObject {
  return {
    ref: "branch_1",
    type: "branch",
    branches: [
      { name: "b1", conditions: buildCondition("recipient.plan", "equal_to", "pro"), steps: [step.email()], ...first },
      { name: "b2", conditions: buildCondition("recipient.plan", "contains", "o"), steps: [step.sms()] },
      { name: "default", steps: otherwise },
    ],
  };
}

/** Returns branch steps nested `depth` levels deep. */
function nested(depth: number): JsonObject {
  const inner: Json[] = depth === 1 ? [step.email()] : [nested(depth - 1)];
  return {
    ref: `branch_${depth}`,
    type: "branch",
    branches: [
      { name: "b1", conditions: buildCondition("recipient.plan", "equal_to", "pro"), steps: inner },
      { name: "default", steps: [] },
    ],
  };
}

const given: EngineCase["given"] = (h) =>
  h.identify(
    ...["ana", "bo"].map((id) => ({ id, phone_number: "+15550000002", channel_data: { "c-ios": { tokens: [id] } } })),
  );

const cases: EngineCase[] = [
  {
    title: "C-269 E-306 the first branch that matches is executed, and the run continues after it",
    given,
    workflow: [branch(), step.push()],
    runs: { ana: "completed: branch_1 passed, email_1 sent, push_1 sent" },
    messages: ["ana mail sent: B", "ana ios sent: P"],
    check(_h, outcome) {
      expect(outcome.recipients?.[0]?.steps[0]?.branch).toBe("b1");
    },
  },
  {
    title: "C-270 E-306 E-307 the default branch is executed if no other matches",
    given,
    workflow: [branch(), step.push()],
    payload: { recipients: ["bo"] },
    runs: { bo: "completed: branch_1 passed, in_app_feed_1 sent, push_1 sent" },
    messages: ["bo feed delivered: <p>F</p>", "bo ios sent: P"],
    async check(h, outcome) {
      const [bo] = outcome.recipients ?? [];
      expect(bo?.steps[0]?.branch).toBe("default");
      const run = await h.engine.readRecipientRun(bo?.recipient_run_id as string);
      expect(run?.events).toContainEqual(
        expect.objectContaining({
          event: "step_completed",
          step_ref: "branch_1",
          data: {
            branch: "default",
            conditions: [
              expect.objectContaining({ argument: "pro", value: "free", result: false }),
              expect.objectContaining({ argument: "o", value: "free", result: false }),
            ],
          },
        }),
      );
    },
  },
  {
    title: "C-271 E-308 a terminating branch ends the run",
    given,
    workflow: [branch({ first: { terminates: true } }), step.push()],
    runs: { ana: "completed: branch_1 passed, email_1 sent" },
    messages: ["ana mail sent: B"],
  },
  {
    title: "C-271 E-308 another branch of the same step does not end the run",
    given,
    workflow: [branch({ first: { terminates: true } }), step.push()],
    payload: { recipients: ["bo"] },
    runs: { bo: "completed: branch_1 passed, in_app_feed_1 sent, push_1 sent" },
  },
  {
    title: "C-272 E-307 an empty default branch continues the run",
    given,
    workflow: [branch({ otherwise: [] }), step.push()],
    payload: { recipients: ["bo"] },
    runs: { bo: "completed: branch_1 passed, push_1 sent" },
    messages: ["bo ios sent: P"],
  },
  {
    title: "E-306 a run that waits inside a branch continues there, whatever has changed",
    given,
    workflow: [branch({ first: { steps: [step.delay("minutes", 5), step.email()] } }), step.push()],
    runs: { ana: "paused: branch_1 passed, delay_1 waiting 2025-06-04T10:05:00Z" },
    moments: [
      { at: MINUTE, action: (h) => h.identify({ id: "ana", plan: "free" }) },
      {
        at: 5 * MINUTE,
        runs: { ana: "completed: branch_1 passed, delay_1 passed, email_1 sent, push_1 sent" },
        messages: ["ana mail sent: B", "ana ios sent: P"],
      },
    ],
  },
  {
    title: "E-309 branches may be nested five levels deep",
    given,
    workflow: [nested(5), step.push()],
    runs: {
      ana: "completed: branch_5 passed, branch_4 passed, branch_3 passed, branch_2 passed, branch_1 passed, email_1 sent, push_1 sent",
    },
  },
];

describeEngineCases("P. Branch", cases);

describe("P. Branch: rejected", () => {
  it("C-273 E-309 six levels of branches are rejected", () => {
    expect(() => parseWorkflow("digest", { name: "digest", steps: [nested(6)] })).toThrow(
      expect.objectContaining({
        code: "workflow_invalid",
        details: [expect.objectContaining({ message: "branches may nest at most 5 deep" })],
      }),
    );
  });
});

describe("P. Branch: steps that wait", () => {
  it("E-310 a batch and a delay inside a branch wait", () =>
    withHarness(async (h) => {
      const window = { batch_window: { unit: "minutes", value: 10 } };
      const inner = [
        { ref: "batch_1", type: "batch", settings: window },
        step.delay("minutes", 5),
        step.email("S", "{{ total_activities }}"),
      ];
      const branch = { name: "one", conditions: buildCondition("recipient.plan", "equal_to", "pro"), steps: inner };
      h.define("digest", {
        steps: [
          { ref: "branch_1", type: "branch", branches: [branch, { name: "default", steps: [] }] },
          step.sms("after"),
        ],
      });
      await h.trigger("digest", { recipients: ["ana"] });
      await h.trigger("digest", { recipients: ["ana"] });
      await h.at(HOUR);
      expect((await h.listMessages()).map(formatMessage)).toEqual(["ana mail sent: 2", "ana text sent: after"]);
    }));
});
