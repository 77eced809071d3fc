import { describe, expect, it } from "vitest";
import { failRun } from "../../../src/domain/run/fail-run.js";
import type { StepOutcome } from "../../../src/domain/run/outcome.js";
import { sendsRequest } from "../../../src/domain/run/sends-request.js";
import { findPathAfterBranch, findStep, findStepPath } from "../../../src/domain/run/step-path.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import type { JsonObject } from "../../../src/util/json.js";
import { NOW, sampleTrigger } from "../../contract/store/sample-runs.js";

const delay = (ref: string): JsonObject => ({
  ref,
  type: "delay",
  settings: { delay_for: { unit: "hours", value: 1 } },
});
const branch = (name: string, steps: JsonObject[], more: JsonObject = {}): JsonObject => ({ name, steps, ...more });
const VERSION = parseWorkflow("parcel", {
  name: "Parcel",
  steps: [
    delay("delay_1"),
    {
      ref: "branch_1",
      type: "branch",
      branches: [
        branch("Urgent", [delay("delay_2")], {
          conditions: { all: [{ variable: "data.a", operator: "exists" }] },
          terminates: true,
        }),
        branch("Default", [delay("delay_3"), delay("delay_4")]),
      ],
    },
    delay("delay_5"),
  ],
});
const EMPTY = { ...VERSION, steps: [] };
const PASSED: StepOutcome = { ref: "delay_1", type: "delay", outcome: "passed", reason: null };
const WAITING: StepOutcome = { ...PASSED, outcome: "waiting", until: new Date(NOW).toISOString() };
const REASON = { code: "internal_error", detail: "no memory" };

function buildRun(over: Partial<RecipientRun>): RecipientRun {
  const created = sampleTrigger({ version: VERSION, recipients: ["ada"], recipientRun: over, message: null });
  return created.recipientRuns[0] as RecipientRun;
}

describe("failRun", () => {
  it("fails the step at which the run waits, in place of its outcome", () => {
    const run = buildRun({ status: "paused", position: [0], due_at: NOW, steps: [WAITING] });
    const failed = failRun(run, VERSION, NOW + 5, "no memory");
    expect(failed).toEqual({
      ...run,
      status: "completed",
      position: null,
      due_at: null,
      steps: [{ ref: "delay_1", type: "delay", outcome: "failed", reason: REASON }],
      error_count: run.error_count + 1,
      updated_at: NOW + 5,
      events: expect.any(Array),
    });
    const event = { attempt: 1, at: NOW + 5, data: null };
    expect(failed.events.slice(0, -2)).toEqual(run.events);
    expect(failed.events.slice(-2)).toEqual([
      {
        ...event,
        event: "step_failed",
        status: "error",
        step_ref: "delay_1",
        step_type: "delay",
        data: { reason: "internal_error" },
      },
      { ...event, event: "run_completed", status: "ok", step_ref: null, step_type: null },
    ]);
  });

  it.each<[string, Partial<RecipientRun>, string[]]>([
    ["at its position, after the steps that passed", { position: [1, 1, 0], steps: [PASSED] }, ["delay_1", "delay_3"]],
    ["that comes first, before any was executed", { position: null, steps: [] }, ["delay_1"]],
  ])("fails the step %s", (_which, over, refs) => {
    const { steps, reason } = failRun(buildRun(over), VERSION, NOW, "no memory");
    expect(steps.map(({ ref }) => ref)).toEqual(refs);
    expect(steps.at(-1)).toMatchObject({ outcome: "failed", reason: REASON });
    expect(reason).toBeNull();
  });

  it("gives the run the reason if its workflow has no step", () => {
    const run = buildRun({ position: null, steps: [] });
    expect(failRun(run, EMPTY, NOW, "no memory")).toMatchObject({ steps: [], reason: REASON, status: "completed" });
  });

  it("ends the wait of the run", () => {
    const wait = { events: [], seen: null } as unknown as NonNullable<RecipientRun["wait"]>;
    expect(failRun({ ...buildRun({}), wait }, VERSION, NOW, "x").wait).toBeNull();
    expect(failRun(buildRun({}), VERSION, NOW, "x")).not.toHaveProperty("wait");
  });
});

describe("sendsRequest", () => {
  it.each<[type: string, outcome: StepOutcome["outcome"], expected: boolean]>([
    ["http_fetch", "waiting", true],
    ["ai_agent", "waiting", true],
    ["http_fetch", "passed", false],
    ["delay", "waiting", false],
  ])("of a step of type %s that is %s: %s", (type, outcome, expected) => {
    const step = { ...PASSED, type, outcome };
    expect(sendsRequest({ steps: [PASSED, step] })).toBe(expected);
  });
});

describe("paths of steps (E-308)", () => {
  it.each<[path: number[], ref: string | undefined]>([
    [[0], "delay_1"],
    [[1], "branch_1"],
    [[1, 0, 0], "delay_2"],
    [[1, 1, 1], "delay_4"],
    [[1, 1, 2], undefined],
    [[1, 7, 0], undefined],
    [[9, 0, 0], undefined],
  ])("%j leads to %s", (path, ref) => {
    expect(findStep(VERSION.steps, path)?.ref).toBe(ref);
    if (ref !== undefined) expect(findStepPath(VERSION.steps, ref)).toEqual(path);
  });

  it("lead to no step of another name", () => {
    expect(findStepPath(VERSION.steps, "delay_9")).toBeNull();
  });

  it("continue after a branch, unless it ends the run", () => {
    expect(findPathAfterBranch(VERSION.steps, [1, 1, 2])).toEqual([2]);
    expect(findPathAfterBranch(VERSION.steps, [1, 0, 1])).toBeNull();
    expect(findPathAfterBranch(VERSION.steps, [3])).toBeNull();
  });
});
