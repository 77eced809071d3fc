import { describe, expect, it } from "vitest";
import { failRun, retryRun } from "../../../src/domain/run/fail-run.js";
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

const INTERNAL = { code: "internal_error", detail: "no memory" } as const;

describe("failRun", () => {
  it("fails the step at which the run waits, in place of its outcome, and keeps its position", () => {
    const run = buildRun({ status: "paused", position: [0], due_at: NOW, steps: [WAITING] });
    const failed = failRun(run, VERSION, NOW + 5, INTERNAL);
    expect(failed).toEqual({
      ...run,
      status: "failed",
      due_at: null,
      steps: [{ ref: "delay_1", type: "delay", outcome: "failed", reason: REASON }],
      error_count: run.error_count + 1,
      updated_at: NOW + 5,
      events: [
        ...run.events,
        {
          event: "step_failed",
          status: "error",
          step_ref: "delay_1",
          step_type: "delay",
          attempt: 1,
          data: { reason: "internal_error", status: "paused" },
          at: NOW + 5,
        },
      ],
    });
  });

  it.each<[string, Partial<RecipientRun>, string[]]>([
    ["at its position, after the steps that passed", { position: [1, 1, 0], steps: [PASSED] }, ["delay_1", "delay_3"]],
    ["that comes first, before any was executed", { position: null, steps: [] }, ["delay_1"]],
  ])("fails the step %s", (_which, over, refs) => {
    const { steps, reason } = failRun(buildRun(over), VERSION, NOW, INTERNAL);
    expect(steps.map(({ ref }) => ref)).toEqual(refs);
    expect(steps.at(-1)).toMatchObject({ outcome: "failed", reason: REASON });
    expect(reason).toBeNull();
  });

  it("gives the run the reason if its workflow has no step", () => {
    const run = buildRun({ position: null, steps: [] });
    expect(failRun(run, EMPTY, NOW, INTERNAL)).toMatchObject({ steps: [], reason: REASON, status: "failed" });
  });
});

describe("retryRun", () => {
  it.each<[string, Partial<RecipientRun>]>([
    ["that waited", { status: "paused", position: [0], due_at: NOW, steps: [WAITING] }],
    ["that was at a step", { status: "processing", position: [1, 1, 0], due_at: NOW, steps: [PASSED] }],
    ["that had not begun", { status: "queued", position: null, due_at: NOW, steps: [] }],
  ])("continues a run %s where it was", (_which, over) => {
    const run = buildRun(over);
    const retried = retryRun(failRun(run, VERSION, NOW + 5, INTERNAL), NOW + 9);
    const { status, position, steps, reason, wait } = run;
    const at = new Date(NOW + 9).toISOString();
    expect(retried).toMatchObject({ status, position, reason, due_at: NOW + 9 });
    expect(retried?.wait).toEqual(wait);
    expect(retried?.steps).toEqual(steps.map((step) => (step.outcome === "waiting" ? { ...step, until: at } : step)));
    expect(retried?.events.at(-1)).toMatchObject({ event: "step_retried", status: "ok", at: NOW + 9 });
  });

  it("continues a run of a workflow without steps", () => {
    const run = buildRun({ status: "queued", position: null, steps: [] });
    expect(retryRun(failRun(run, EMPTY, NOW, INTERNAL), NOW)).toMatchObject({
      status: "queued",
      reason: null,
      steps: [],
    });
  });

  it("keeps what the run waits for, so that its events are not lost", () => {
    const wait = { awaited: "a", recipient: null, from: NOW, until: NOW + 9, seen: null };
    const failed = failRun({ ...buildRun({ status: "paused", steps: [WAITING] }), wait }, VERSION, NOW, INTERNAL);
    expect(failed.wait).toEqual({ ...wait, seen: 0 });
    expect(retryRun(failed, NOW)?.wait).toEqual(failed.wait);
  });

  it("leaves other runs as they are", () => {
    expect(retryRun(buildRun({ status: "completed" }), NOW)).toBeNull();
  });
});

describe("sendsRequest", () => {
  it.each<[type: string, outcome: StepOutcome["outcome"], expected: boolean]>([
    ["http_fetch", "waiting", true],
    ["ai_agent", "waiting", true],
    ["http_fetch", "passed", false],
    ["delay", "waiting", false],
  ])("returns for a step of type %s that is %s: %s", (type, outcome, expected) => {
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
