import { describe, expect, it } from "vitest";
import { Output } from "../../src/output/output.js";
import { printOutcome } from "../../src/output/print-outcome.js";
import { printRecipientRun } from "../../src/output/print-runs.js";
import type { JsonObject } from "../../src/util/json.js";
import { step } from "../helpers/build-steps.js";
import { HOUR, MINUTE } from "../helpers/case-times.js";
import { getRecipientOutcome, withHarness } from "../helpers/engine-case.js";
import type { EngineHarness } from "../helpers/engine-harness.js";

/** Returns the printed text, without colors. */
async function printed(print: (output: Output) => void): Promise<string> {
  const written: string[] = [];
  const stream = { isTTY: false, columns: 100, write: (text: string) => written.push(text) > 0 };
  print(await Output.open({ stdout: stream, stderr: stream, env: {} } as unknown as Parameters<typeof Output.open>[0]));
  return written.join("");
}

async function shown(h: EngineHarness, workflow: string, recipient = "ana"): Promise<string> {
  const { items } = await h.engine.listRecipientRuns({ workflow }, { limit: 10 });
  const id = items.findLast((run) => run.recipient === recipient)?.id as string;
  const run = (await h.engine.readRecipientRun(id)) as JsonObject;
  return printed((output) => printRecipientRun(run, output));
}

const batch: JsonObject = {
  ref: "batch_1",
  type: "batch",
  settings: { batch_key: "page", batch_window: { unit: "hours", value: 1 } },
};
const throttle: JsonObject = {
  ref: "throttle_1",
  type: "throttle",
  settings: { throttle_window: { unit: "hours", value: 2 } },
};

describe("printRecipientRun", () => {
  it("EQ-38 E-284 prints a batch's size and missing key, and a throttle's limit", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [batch, throttle, step.feed()] });
      await h.trigger("digest", { recipients: ["ana"] });
      await h.trigger("digest", { recipients: ["ana"] });
      await h.at(HOUR);
      const text = await shown(h, "digest");
      expect(text).toContain(
        "  batch_1: passed → 2 activities\n    ! page: the batch key is missing; an empty key is used\n  throttle_1: passed\n",
      );
      expect(text).toContain('batch_opened batch_1  key=""\n');
      const again = await h.trigger("digest", { recipients: ["ana"], data: { page: "p" } });
      await h.at(2 * HOUR);
      const run = await h.engine.readRecipientRun(getRecipientOutcome(again, "ana").recipient_run_id as string);
      expect(await printed((output) => printRecipientRun(run as JsonObject, output))).toContain(
        "  status     nothing sent: throttled\n  because    the throttle's limit was reached\n  batch_1: passed → 1 activity\n  throttle_1: halted (throttled: 1 per 2h)\n",
      );
    }));

  it("E-413 EQ-63 prints an invalid time zone", () =>
    withHarness(async (h) => {
      await h.identify({ id: "ana", timezone: "Mars/Base" });
      const settings = { delay_until_field_path: "data.w" };
      h.define("digest", { steps: [{ ref: "delay_1", type: "delay", settings }] });
      await h.trigger("digest", { recipients: ["ana"], data: { w: { frequency: "daily", hours: 9 } } });
      expect(await shown(h, "digest")).toContain('    ! "Mars/Base" is not a time zone\n');
    }));

  it("E-299 E-315 prints why a fetch waits, which run a step triggered, and what started a run", () =>
    withHarness(async (h) => {
      const fetching = { ref: "f", type: "http_fetch", settings: { method: "get", url: "https://lark.test/p" } };
      h.respond = () => ({ status: 500, text: "" });
      h.define("child", { steps: [fetching] });
      const calling = { ref: "call", type: "trigger_workflow", settings: { workflow_key: "child" } };
      h.define("digest", { steps: [calling] });
      await h.trigger("digest", { recipients: ["ana"] });
      expect(await shown(h, "digest")).toMatch(/\n {2}call: passed → child [0-9a-f-]{36}\n/);
      const child = await shown(h, "child");
      expect(child).toContain("\n  started by a step of another run\n");
      expect(child).toContain("(fetch_error: GET https://lark.test/p responded 500, try 1 of 3)\n");
    }));

  it("E-340 E-343 prints the awaited event of a wait, the compared values and the result", () =>
    withHarness(async (h) => {
      const settings = {
        event: { event_type: "recipient" },
        match_conditions: [
          { operator: "and", conditions: [{ variable: "recipient.plan", operator: "equal_to", argument: "gold" }] },
        ],
        expires_after: { unit: "minutes", value: 30 },
        on_timeout: "continue",
      };
      h.define("digest", { steps: [{ ref: "wait_1", type: "wait_for_event", settings }] });
      const outcome = await h.trigger("digest", { recipients: ["ana"] });
      expect(await printed((output) => printOutcome(outcome, h.now, output))).toContain(
        "waiting at wait_1 for an event",
      );
      expect(await shown(h, "digest")).toContain("\n  wait_1: waiting for an event\n");
      await h.engine.resources.users.set("ana", { plan: "silver" });
      await h.at(31 * MINUTE);
      const text = await shown(h, "digest");
      expect(text).toContain("\n  wait_1: passed → no event occurred in time\n");
      expect(text).toMatch(
        /wait_conditions_evaluated wait_1 {2}passed=false\n {4}false: recipient\.plan equal_to "gold" \(was "silver"\)\n/,
      );
    }));
});
