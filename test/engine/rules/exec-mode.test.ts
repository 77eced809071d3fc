import { describe, expect, it } from "vitest";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

/** Returns a wait for an event with the mode, and an email that prints the mode. */
function waiting(event: JsonObject, mode: string): JsonObject[] {
  const conditions = [{ variable: "event.exec_mode", operator: "equal_to", argument: mode }];
  const match_conditions = [{ operator: "and", conditions }];
  const expires_after = { unit: "hours", value: 2 };
  const wait = { ref: "wait_1", type: "wait_for_event", settings: { event, expires_after, match_conditions } };
  return [wait, step.email("S", "{{ refs.wait_1.signal_variables.exec_mode }}")];
}

const run = (h: EngineHarness, source: "rehearsal" | "integration") =>
  h.engine.triggerWorkflow(parseTrigger({ recipients: ["ana"] }, "child").trigger, { idempotency_key: null, source });

const STARTS: [mode: string, start: (h: EngineHarness) => Promise<unknown>, child?: JsonObject][] = [
  ["trigger", (h) => h.trigger("child", { recipients: ["ana"] })],
  ["rehearse", (h) => run(h, "rehearsal")],
  ["integration", (h) => run(h, "integration")],
  [
    "workflow_step_trigger",
    async (h) => {
      const settings = { workflow_key: "child", recipients: "{{ recipient.id }}" };
      h.define("parent", { steps: [{ ref: "trigger_1", type: "trigger_workflow", settings }] });
      await h.trigger("parent", { recipients: ["ana"] });
    },
  ],
  [
    "scheduled",
    async (h) => {
      const scheduled_at = new Date(h.now + MINUTE).toISOString();
      await h.engine.resources.schedules.create({ workflow: "child", recipients: ["ana"], scheduled_at });
      await h.moveTo(h.now + MINUTE);
    },
  ],
  [
    "audience",
    (h) => h.engine.resources.audiences.add("beta", { members: [{ user: "ana" }] }, { create_audience: true }),
    { trigger: { type: "audience", audience_key: "beta" } },
  ],
];

describe("E-011 E-342 event.exec_mode", () => {
  it.each(STARTS)("of a workflow event is %s", (mode, start, child = {}) =>
    withHarness(async (h) => {
      h.define("child", { ...child, steps: [step.sms()] });
      h.define("digest", {
        steps: waiting({ event_type: "workflow", source_key: "child", event_key: "started" }, mode),
      });
      await h.trigger("digest", { recipients: ["ana"] });
      await start(h);
      await h.engine.runDue({});
      expect((await h.listMessages("ana")).map(({ content }) => content.html_body)).toContain(mode);
    }),
  );

  it.each(STARTS)("of a message event is %s", (mode, start, child = {}) =>
    withHarness(async (h) => {
      h.define("child", { ...child, steps: [step.feed()] });
      const event = { event_type: "message", source_type: "workflow", source_key: "child", event_key: "read" };
      h.define("digest", { steps: waiting(event, mode) });
      await h.trigger("digest", { recipients: ["ana"] });
      await start(h);
      const [message] = (await h.listMessages("ana")).filter(({ workflow }) => workflow === "child");
      if (message) await h.markMessage(message, "read");
      await h.engine.runDue({});
      expect((await h.listMessages("ana")).map(({ content }) => content.html_body)).toContain(mode);
    }),
  );
});
