import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../src/domain/run/outcome.js";
import type { ObservedRun } from "../../src/scenarios/observed.js";
import { selectRun } from "../../src/scenarios/select-run.js";

const toStep = (text: string): StepOutcome => {
  const [ref = "", outcome = "", code] = text.split(" ");
  return { ref, type: "channel", outcome, reason: code ? { code, detail: null } : null } as StepOutcome;
};

const createRun = (id: string, steps: readonly string[], workflow = "w"): ObservedRun =>
  ({ recipient: "ada", recipient_run_id: id, status: "processing", steps: steps.map(toStep), workflow }) as ObservedRun;

const opened = createRun("a", ["batch waiting"]);
const joined = createRun("b", ["batch halted batched"]);
const closed = createRun("a", ["batch passed", "delay waiting"]);

describe("selectRun", () => {
  it("returns null without runs", () => {
    expect(selectRun([], "email", null)).toBeNull();
  });

  it("selects the run that reached the step since, although a newer one joined its batch", () => {
    expect(selectRun([closed, joined], "delay", [opened, joined])?.step?.outcome).toBe("waiting");
  });

  it("ignores a run that joined a batch if nothing changed", () => {
    expect(selectRun([closed, joined], "delay", null)?.step?.outcome).toBe("waiting");
    expect(selectRun([closed, joined], "email", [closed, joined])).toEqual({ run: closed, step: undefined });
  });

  it("selects the run that joined if it did so in this step, and if there is no other", () => {
    expect(selectRun([opened, joined], "batch", [opened])?.step?.reason?.code).toBe("batched");
    expect(selectRun([joined], "email", null)).toEqual({ run: joined, step: undefined });
  });

  it("selects the newest run if several have reached the step", () => {
    const sent = createRun("a", ["delay passed", "email sent"]);
    const failed = createRun("b", ["delay passed", "email failed"]);
    expect(selectRun([sent, failed], "email", null)?.run).toBe(failed);
    expect(selectRun([sent, failed], "email", [])?.run).toBe(failed);
  });

  it("does not take the outcome of an older run that did not change", () => {
    const sent = createRun("a", ["email sent"]);
    const waiting = createRun("b", ["delay waiting"]);
    expect(selectRun([sent, waiting], "email", null)).toEqual({ run: waiting, step: undefined });
    expect(selectRun([sent, waiting], "email", [sent])).toEqual({ run: waiting, step: undefined });
  });

  it("selects a run that changed, for a step that it had reached before", () => {
    const before = createRun("a", ["feed sent", "delay waiting"]);
    const after = createRun("a", ["feed sent", "delay passed"]);
    const newer = createRun("b", ["throttle halted throttled"]);
    expect(selectRun([after, newer], "feed", [before, newer])?.step?.outcome).toBe("sent");
  });

  it("selects the run of the workflow that has the step", () => {
    const other = createRun("b", ["sms sent"], "v");
    expect(selectRun([closed, other], "delay", null)?.run).toBe(closed);
    expect(selectRun([closed, other], "delay", [closed])?.run).toBe(closed);
  });
});
