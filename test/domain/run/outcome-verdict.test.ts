import { describe, expect, it } from "vitest";
import type { RecipientOutcome, StepResult } from "../../../src/domain/run/outcome.js";
import {
  combineVerdicts,
  getVerdict,
  hasFailed,
  VERDICT_EXIT_CODES,
  type Verdict,
} from "../../../src/domain/run/outcome-verdict.js";

function run(...outcomes: StepResult[]): RecipientOutcome {
  const steps = outcomes.map((outcome, index) => ({ ref: `s${index}`, type: "channel", outcome, reason: null }));
  return { recipient: "ada", recipient_run_id: "r", status: "completed", steps };
}

const UNKNOWN: RecipientOutcome = {
  ...run(),
  recipient_run_id: null,
  status: null,
  reason: { code: "recipient_not_found", detail: null },
};
const STOPPED: RecipientOutcome = { ...run(), reason: { code: "condition", detail: null } };

function verdict(recipients: RecipientOutcome[] | null): Verdict {
  return getVerdict({
    workflow_run_id: "w",
    workflow: "w",
    target: "local",
    cancellation_key: null,
    recipients,
    summary: null,
  });
}

describe("getVerdict (section 4 of the contract)", () => {
  it.each<[string, RecipientOutcome[] | null, number]>([
    ["all sent", [run("sent"), run("sent", "sent")], 0],
    ["nothing sent because of a condition and preferences", [run("skipped", "skipped"), STOPPED], 0],
    [
      "waiting, queued, passed, halted, cancelled",
      [run("waiting"), run("queued"), run("passed", "halted"), run("cancelled")],
      0,
    ],
    ["no known recipients", null, 0],
    ["no recipients", [], 0],
    ["all unknown", [UNKNOWN, UNKNOWN], 1],
    ["every recipient failed", [run("failed"), UNKNOWN], 1],
    ["failed after a skip", [run("skipped", "failed")], 1],
    ["a known and an unknown recipient", [run("sent"), UNKNOWN], 9],
    ["one skipped, one failed", [run("skipped"), run("failed")], 9],
    ["one step sent, the other failed", [run("sent", "failed")], 9],
    ["one step queued, the other failed", [run("queued", "failed")], 9],
  ])("returns the verdict for: %s", (_what, recipients, exit) => {
    expect(VERDICT_EXIT_CODES[verdict(recipients)]).toBe(exit);
  });

  it("counts a run with a rendering error as failed, and one that a condition stopped as successful", () => {
    expect(hasFailed({ ...run("sent"), reason: { code: "render_error", detail: null } })).toBe(true);
    expect(hasFailed(STOPPED)).toBe(false);
  });
});

describe("combineVerdicts", () => {
  it.each<[Verdict[], Verdict]>([
    [[], "succeeded"],
    [["succeeded", "succeeded"], "succeeded"],
    [["failed", "failed"], "failed"],
    [["succeeded", "failed"], "partial"],
    [["failed", "partial"], "partial"],
    [["partial"], "partial"],
  ])("returns for %j: %s", (verdicts, all) => {
    expect(combineVerdicts(verdicts)).toBe(all);
  });
});
