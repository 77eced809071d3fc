import { describe, expect, it } from "vitest";
import type { BlockedOccurrence } from "../../../src/ports/operations.js";
import type { JsonObject } from "../../../src/util/json.js";
import { withHarness } from "../../helpers/engine-case.js";
import { type EngineHarness, MINUTE, step } from "../../helpers/engine-harness.js";

/** A daily schedule of `sched` for bo, made while the workflow could still be read. */
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

describe("U. Schedules of a workflow that cannot be read", () => {
  it("tells of an occurrence that it keeps; who looks once lets go of it, and it starts when the file is mended", () =>
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
      await look(false); // leased
      expect(held).toHaveLength(2);
      h.now += 3 * MINUTE;
      await look(true);
      expect(held).toHaveLength(3);
      h.define("sched", { steps: [step.email()] });
      expect(await look(true)).toHaveLength(1);
      expect(held).toHaveLength(3);
    }));

  it("a moved clock passes it, tells of it once, and lets go of it", () =>
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
