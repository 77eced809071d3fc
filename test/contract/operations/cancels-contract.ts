import { describe, expect, it } from "vitest";
import type { CancelOutcome } from "../../../src/domain/run/outcome.js";
import { formatOutcome, type OpenTarget } from "./open-target.js";

const HOUR = 3_600_000;
const waiting = ["paused", "feed_1 sent", "delay_1 waiting"];
const cancelled = ["cancelled", "feed_1 sent", "delay_1 cancelled cancelled"];
const completed = ["completed", "feed_1 sent", "delay_1 passed", "email_1 sent"];

export function describeCancels(target: OpenTarget): void {
  /** Compares the recipients' outcomes. A target that does not report recipients returns null, never an empty list. */
  function expectOutcomes(outcome: CancelOutcome, expected: Record<string, "cancelled" | "not_cancellable">): void {
    expect(outcome.target).toBe(target.operations.target);
    if (outcome.recipients === null) {
      expect(outcome.summary).toBeNull();
      return;
    }
    expect(Object.fromEntries(outcome.recipients.map((one) => [one.recipient, one.outcome]))).toEqual(expected);
    const count = (outcomeName: string) => Object.values(expected).filter((one) => one === outcomeName).length;
    expect(outcome.summary).toEqual({
      cancelled: count("cancelled"),
      not_cancellable: count("not_cancellable"),
      unfinished_triggers: 0,
    });
  }

  const read = async (id: string) => {
    const outcome = await target.operations.readWorkflowRun(id);
    if (outcome === null) throw new Error("the run is gone");
    return formatOutcome(outcome);
  };

  describe("cancelWorkflow", () => {
    it("E-353 cancels all runs under the key that have not ended", async () => {
      const { workflow_run_id } = await target.triggerAndRead("contract-delayed", {
        recipients: ["ada", "alan"],
        cancellation_key: "ck",
      });
      const outcome = await target.cancel("contract-delayed", { cancellation_key: "ck" });
      expect(outcome).toMatchObject({ workflow: "contract-delayed", cancellation_key: "ck" });
      expectOutcomes(outcome, { ada: "cancelled", alan: "cancelled" });
      expect(await read(workflow_run_id)).toEqual({ ada: cancelled, alan: cancelled });

      await target.advanceTime(2 * HOUR);
      expect(await read(workflow_run_id)).toEqual({ ada: cancelled, alan: cancelled });
      const { items } = await target.operations.listMessages({ channel: "contract-mail" }, { limit: 10 });
      expect(items).toEqual([]);
    });

    it("cancels only the given recipients", async () => {
      const { workflow_run_id } = await target.triggerAndRead("contract-delayed", {
        recipients: ["ada", "alan"],
        cancellation_key: "ck",
      });
      expectOutcomes(await target.cancel("contract-delayed", { cancellation_key: "ck", recipients: ["alan"] }), {
        alan: "cancelled",
      });
      expect(await read(workflow_run_id)).toEqual({ ada: waiting, alan: cancelled });
      await target.advanceTime(HOUR);
      expect(await read(workflow_run_id)).toEqual({ ada: completed, alan: cancelled });
    });

    it("E-357 leaves an ended run unchanged", async () => {
      const { workflow_run_id } = await target.triggerAndWait("contract-plain", {
        recipients: ["ada"],
        cancellation_key: "ck",
      });
      expectOutcomes(await target.cancel("contract-plain", { cancellation_key: "ck" }), { ada: "not_cancellable" });
      expect(await read(workflow_run_id)).toEqual({ ada: ["completed", "feed_1 sent", "email_1 sent"] });
    });

    it("EQ-61 returns an empty list if nothing matches", async () => {
      expectOutcomes(await target.cancel("contract-plain", { cancellation_key: "nothing" }), {});
    });

    it("EQ-61 rejects an unknown workflow", async () => {
      await expect(target.cancel("contract-nope", { cancellation_key: "ck" })).rejects.toMatchObject({
        name: "KnockError",
        code: "workflow_missing",
      });
    });
  });
}
