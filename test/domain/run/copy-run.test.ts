import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { copyRun, type RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { type RecipientRunRow, toRecipientRun } from "../../../src/store/rows/run-row.js";
import { haveSameHiddenClass } from "../../helpers/hidden-class.js";

const AT = Date.UTC(2026, 10, 24, 10, 5);

/** A run with a value for every key. */
function createRun(): Required<RecipientRun> {
  const recipient = toRecipientKey("jane");
  return {
    id: "run-1",
    workflow_run_id: "workflow-run-1",
    recipient,
    status: "paused",
    position: [1, 0, 2],
    due_at: AT,
    wait: { awaited: "message.seen", recipient, from: AT, until: AT + 1, seen: null },
    data: { page: "Home" },
    via: { object: recipient, recipient, properties: {} },
    steps: [{ ref: "delay_1", type: "delay", outcome: "waiting", reason: null, until: "2026-11-24T10:05:00.000Z" }],
    reason: { code: "condition", detail: null },
    events: [{ event: "run_paused", status: "ok", step_ref: null, step_type: null, attempt: 1, data: null, at: AT }],
    error_count: 1,
    inserted_at: AT,
    updated_at: AT,
  };
}

const STORED_RUN: RecipientRunRow = {
  row: 1,
  id: "run-1",
  workflow_run: 1,
  recipient: toRecipientKey("jane"),
  status: "paused",
  due_at: AT,
  position: "[0]",
  data: null,
  via: null,
  reason: null,
  error_count: 0,
  inserted_at: AT,
  updated_at: AT,
  steps: "[]",
  events: "[]",
  batch: null,
  version: null,
};

describe("copyRun", () => {
  it("copies every key, and none that the run does not have", () => {
    const run = createRun();
    expect(copyRun(run)).toStrictEqual(run);
    const { wait: _, ...withoutWait } = run;
    expect(copyRun(withoutWait)).toStrictEqual(withoutWait);
  });

  it("leaves the original unchanged when the copy changes", () => {
    const run = createRun();
    const copy = copyRun(run);
    copy.events.push({ ...(copy.events[0] as RecipientRun["events"][0]), event: "run_resumed" });
    (copy.steps[0] as RecipientRun["steps"][0]).outcome = "passed";
    copy.steps.pop();
    expect(run).toStrictEqual(createRun());
  });

  it("returns runs that still share a hidden class after they have ended", () => {
    const ended = Array.from({ length: 100 }, (_, count) => {
      const copy = copyRun(toRecipientRun({ ...STORED_RUN, due_at: AT + count }, "workflow-run-1"));
      copy.due_at = null;
      copy.wait = null;
      return copy;
    });
    expect(haveSameHiddenClass(ended[98] as object, ended[99] as object)).toBe(true);
  });
});
