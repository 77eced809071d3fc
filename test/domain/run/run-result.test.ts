import { describe, expect, it } from "vitest";
import type { RecipientOutcome, StepOutcome } from "../../../src/domain/run/outcome.js";
import { hasSentNothing, listResultParts, listRunParts } from "../../../src/domain/run/run-result.js";

type Run = Pick<RecipientOutcome, "steps" | "reason">;
type Code = NonNullable<StepOutcome["reason"]>["code"];

const step = (outcome: StepOutcome["outcome"], fields: Partial<StepOutcome> = {}): StepOutcome => ({
  ref: "s",
  type: "channel",
  outcome,
  reason: null,
  ...fields,
});
const because = (code: Code) => ({ reason: { code, detail: null } });
const sent = (status: NonNullable<StepOutcome["message_status"]>) => step("sent", { message_status: status });
const skipped = (code: Code) => step("skipped", because(code));
const format = (...runs: Run[]): string =>
  listResultParts(runs)
    .map(({ text }) => text)
    .join(", ");

describe("what runs came to", () => {
  it.each<[string, Run[]]>([
    ["nothing sent: throttled", [{ steps: [step("halted", because("throttled"))] }]],
    ["nothing sent: condition", [{ steps: [], ...because("condition") }]],
    ["nothing sent: preference", [{ steps: [skipped("preference"), skipped("preference")] }]],
    ["joined an open batch", [{ steps: [step("halted", because("batched"))] }]],
    ["nothing sent: missing recipient data", [{ steps: [skipped("skip_delay"), skipped("missing_recipient_data")] }]],
    ["nothing sent", [{ steps: [step("passed", { type: "update_user" })] }]],
    ["nothing sent", []],
    ["2 skipped", [{ steps: [skipped("preference"), skipped("condition")] }]],
    ["1 sandboxed, 1 skipped", [{ steps: [sent("not_sent"), skipped("condition")] }]],
    ["1 delivered, 2 sent, 1 failed", [{ steps: [sent("delivered"), sent("queued"), sent("sent"), step("failed")] }]],
    ["1 waiting", [{ steps: [step("passed", { type: "branch" }), step("waiting", { until: null })] }]],
    ["1 canceled", [{ steps: [step("cancelled", because("cancelled"))] }]],
    ["added to a guide", [{ steps: [step("passed", { guide: "tour" })] }]],
    ["1 sandboxed, 1 failed", [{ steps: [sent("not_sent")] }, { steps: [], ...because("recipient_not_found") }]],
  ])("is %s", (text, runs) => {
    expect(format(...runs)).toBe(text);
  });

  it("is the status of a run that has not completed, or whose steps are unknown", () => {
    const steps = [sent("not_sent")];
    expect(listRunParts({ status: "paused", steps })).toEqual([{ label: "waiting", text: "waiting" }]);
    expect(listRunParts({ status: "completed" })).toEqual([{ label: "completed", text: "completed" }]);
    expect(listRunParts({ status: "completed", steps })).toEqual([{ label: "sandboxed", text: "1 sandboxed" }]);
  });

  it.each<[boolean, Run]>([
    [true, { steps: [skipped("preference"), skipped("condition")] }],
    [true, { steps: [], ...because("condition") }],
    [false, { steps: [step("halted", because("batched"))] }],
    [false, { steps: [step("passed", { type: "update_user" })] }],
    [false, { steps: [skipped("preference"), sent("not_sent")] }],
  ])("sent nothing for a reason: %s", (isNothing, run) => {
    expect(hasSentNothing(run)).toBe(isNothing);
  });
});
