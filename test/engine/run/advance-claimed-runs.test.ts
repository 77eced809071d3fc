import { describe, expect, it } from "vitest";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { formatMessage, formatRuns, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const NESTED = {
  ref: "nested_1",
  type: "trigger_workflow",
  settings: { workflow_key: "nested", recipients: "{{ recipient.id }}", data: "{}" },
};

describe("runs that are due together", () => {
  /** Starts a run of a workflow that waits a minute and then triggers a workflow whose text is that of the branch. */
  async function startOnBranch(h: EngineHarness, branch: string | undefined): Promise<void> {
    h.define("nested", { steps: [step.feed(`nested of ${branch ?? "main"}`)] }, branch);
    h.define("main", { steps: [step.delay("minutes", 1), NESTED] }, branch);
    const { trigger } = parseTrigger({ recipients: ["ana"] }, "main");
    await h.engine.triggerWorkflow(trigger, { idempotency_key: null, ...(branch === undefined ? {} : { branch }) });
  }

  it.each([[["main"]], [["one"]], [["one", "two"]], [["one", "main", "two"]]])(
    "A-015 use the files of their own branches: %s",
    (branches) =>
      withHarness(async (h) => {
        for (const branch of branches) await startOnBranch(h, branch === "main" ? undefined : branch);
        await h.at(MINUTE);
        const texts = (await h.listMessages()).map(formatMessage).sort();
        expect(texts).toEqual(branches.map((branch) => `ana feed delivered: <p>nested of ${branch}</p>`).sort());
      }),
  );

  it("E-053 a deleted recipient ends only the own run", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.delay("minutes", 1), step.feed("{{ recipient.id }}")] });
      const outcome = await h.trigger("digest", { recipients: ["ana", "bo", "dee"] });
      await h.engine.resources.users.delete("bo");
      await h.at(MINUTE);
      expect(formatRuns(await h.readOutcome(outcome))).toEqual({
        ana: "completed: delay_1 passed, in_app_feed_1 sent",
        dee: "completed: delay_1 passed, in_app_feed_1 sent",
      });
    }));

  it("a run's outcome has the status of messages before and after a batch", () =>
    withHarness(async (h) => {
      const batch = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } };
      h.define("digest", { steps: [step.feed("one"), batch, step.feed("two", {}, "feed_2")] });
      const started = await h.trigger("digest", { recipients: ["ana"] });
      const statuses = (outcome: typeof started) => outcome.recipients?.[0]?.steps.map((each) => each.message_status);
      expect(statuses(started)).toEqual(["delivered", undefined]);
      await h.at(5 * MINUTE);
      expect(statuses(await h.readOutcome(started))).toEqual(["delivered", undefined, "delivered"]);
    }));

  it("E-284 each throttle of a workflow decides for itself", () =>
    withHarness(async (h) => {
      const throttle = (ref: string, settings = {}) => ({
        ref,
        type: "throttle",
        settings: { throttle_limit: 1, throttle_window: { unit: "hours", value: 1 }, ...settings },
      });
      h.define("digest", {
        steps: [throttle("throttle_1", { throttle_key: "data.page" }), throttle("throttle_2"), step.feed()],
      });
      const run = async (page: string) =>
        formatRuns(await h.trigger("digest", { recipients: ["ana"], data: { page } })).ana;
      expect(await run("a")).toBe("completed: throttle_1 passed, throttle_2 passed, in_app_feed_1 sent");
      expect(await run("b")).toBe("completed: throttle_1 passed, throttle_2 halted throttled");
      expect(await run("a")).toBe("completed: throttle_1 halted throttled");
    }));
});
