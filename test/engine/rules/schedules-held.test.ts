import { describe, expect, it } from "vitest";
import type { BlockedOccurrence } from "../../../src/ports/operations.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

/** Creates a daily schedule of `sched` for bo while the workflow is valid. */
async function schedule(h: EngineHarness): Promise<JsonObject> {
  h.now = Date.parse("2025-06-04T10:00:00Z");
  h.define("sched", { steps: [step.email()] });
  const [made] = await h.engine.resources.schedules.create({
    workflow: "sched",
    recipients: ["bo"],
    repeats: [{ frequency: "daily", hours: 12 }],
  });
  return made as JsonObject;
}

describe("U. Schedules of an invalid workflow", () => {
  it("report a blocked occurrence, release it after runDue({ once }), and start it when the file is fixed", () =>
    withHarness(async (h) => {
      const made = await schedule(h);
      h.define("sched", { steps: [step.email("S", "{{ broken")] });
      h.now = Date.parse("2025-06-04T12:00:00Z");
      const held: BlockedOccurrence[] = [];
      const look = (once: boolean) => h.engine.runDue({ once, onBlocked: (one) => held.push(one) });
      expect(await look(true)).toEqual([]);
      expect(held).toEqual([
        {
          schedule_id: made.id,
          workflow: "sched",
          recipient: "bo",
          at: "2025-06-04T12:00:00.000Z",
          error: expect.stringMatching(/^workflow "sched", step email_1: steps\[0\]\.template\.html_body/),
        },
      ]);
      await look(false);
      await look(false); // still leased
      expect(held).toHaveLength(2);
      h.now += 3 * MINUTE;
      await look(true);
      expect(held).toHaveLength(3);
      h.define("sched", { steps: [step.email()] });
      expect(await look(true)).toHaveLength(1);
      expect(held).toHaveLength(3);
    }));

  it("report a blocked occurrence once when the clock is moved past it, and release it", () =>
    withHarness(async (h) => {
      await schedule(h);
      h.define("sched", { steps: [step.email("S", "{{ broken")] });
      const held: BlockedOccurrence[] = [];
      const move = (to: string) =>
        h.engine.moveClock(Date.parse(to), { force: false, onBlocked: (one) => held.push(one) });
      expect((await move("2025-06-07T00:00:00Z")).ran).toEqual([]);
      expect(held.map(({ at }) => at)).toEqual(["2025-06-04T12:00:00.000Z"]);
      h.define("sched", { steps: [step.email()] });
      expect((await move("2025-06-07T00:00:01Z")).ran).toHaveLength(1);
    }));
});
