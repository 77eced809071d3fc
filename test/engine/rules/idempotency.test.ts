import { describe, expect, it } from "vitest";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { step } from "../../helpers/build-steps.js";
import { DAY, HOUR } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";
import { withApi } from "../../helpers/test-emulator.js";

const runs = async (h: EngineHarness) => (await h.engine.listRecipientRuns({}, { limit: 100 })).items.length;

describe("V. Idempotency", () => {
  it("C-342 E-383 the same key and payload return the same response and start one set of runs", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email()] });
      const payload = { recipients: ["ana", "ghost"], data: { a: 1, b: [2] } };
      const first = await h.trigger("digest", payload, "k");
      await h.at(23 * HOUR);
      const second = await h.trigger("digest", { data: { b: [2], a: 1 }, recipients: ["ana", "ghost"] }, "k");
      expect(second).toEqual({ ...first, replayed: true });
      expect(await runs(h)).toBe(1);
      expect(h.deliveredMessages).toHaveLength(1);
    }));

  it("C-342 E-383 two simultaneous requests start one set of runs", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email()] });
      const trigger = () => h.trigger("digest", { recipients: ["ana"] }, "k");
      const both = await Promise.all([trigger(), trigger()]);
      expect(both[1].workflow_run_id).toBe(both[0].workflow_run_id);
      expect(both.filter(({ replayed }) => replayed)).toHaveLength(1);
      expect(await runs(h)).toBe(1);
      expect(h.deliveredMessages).toHaveLength(1);
    }));

  it.each([
    ["other data", "digest", { recipients: ["ana"], data: { a: 2 } }],
    ["other recipients", "digest", { recipients: ["bo"], data: { a: 1 } }],
    ["another workflow", "other", { recipients: ["ana"], data: { a: 1 } }],
  ])("C-343 E-384 the same key with %s is a conflict", (_what, workflow, payload) =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email()] });
      h.define("other", { steps: [step.email()] });
      await h.trigger("digest", { recipients: ["ana"], data: { a: 1 } }, "k");
      await expect(h.trigger(workflow, payload, "k")).rejects.toMatchObject({
        code: "idempotency_conflict",
        details: [{ pointer: "/idempotency_key", value: "k" }],
      });
      expect(await runs(h)).toBe(1);
    }),
  );

  it("C-344 E-385 a rejected trigger does not use its key", () =>
    withHarness(async (h) => {
      h.define("digest", {
        steps: [step.email()],
        trigger_data_json_schema: { type: "object", properties: { code: { type: "string" } } },
      });
      const trigger = (code: string | number) => h.trigger("digest", { recipients: ["ana"], data: { code } }, "k");
      await expect(trigger(7)).rejects.toMatchObject({ code: "invalid_params" });
      const corrected = await trigger("X1");
      expect(corrected.replayed).toBeUndefined();
      expect(corrected.summary).toMatchObject({ sent: 1 });
    }));

  it("C-345 E-383 a key starts another run after 24 hours", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email()] });
      const trigger = () => h.trigger("digest", { recipients: ["ana"] }, "k");
      const first = await trigger();
      await h.at(DAY);
      expect((await trigger()).workflow_run_id).toBe(first.workflow_run_id);
      await h.at(DAY + 1);
      const again = await trigger();
      expect(again.workflow_run_id).not.toBe(first.workflow_run_id);
      expect(again.replayed).toBeUndefined();
      expect(h.deliveredMessages).toHaveLength(2);
      // The second run starts another 24 hours.
      expect((await trigger()).workflow_run_id).toBe(again.workflow_run_id);
    }));

  it("C-346 E-382 a key of 255 characters is accepted and one of 256 is rejected", () => {
    const payload = (length: number) => ({ recipients: ["ana"], idempotency_key: "x".repeat(length) });
    expect(parseTrigger(payload(255), "digest").idempotency_key).toHaveLength(255);
    expect(() => parseTrigger(payload(256), "digest")).toThrow(
      expect.objectContaining({
        code: "invalid_params",
        details: [expect.objectContaining({ pointer: "/idempotency_key" })],
      }),
    );
  });

  it("C-347 E-382 a key on a cancellation is ignored", () =>
    withApi(async ({ request, harness }) => {
      harness.define("slow", { steps: [step.delay("hours", 1), step.email()] });
      const body = { recipients: ["ana"], cancellation_key: "ck" };
      const key = { "idempotency-key": "k" };
      for (let times = 0; times < 2; times++) {
        await request("POST /v1/workflows/slow/trigger", body);
        const answer = await request("POST /v1/workflows/slow/cancel", { cancellation_key: "ck" }, key);
        expect([answer.status, answer.headers.get("idempotent-replayed")]).toEqual([204, null]);
      }
      const { items } = await harness.engine.listRecipientRuns({ workflow: "slow" }, { limit: 10 });
      expect(items.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    }));

  it("E-382 requests without a key are never replayed", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email()] });
      const first = await h.trigger("digest", { recipients: ["ana"] });
      const second = await h.trigger("digest", { recipients: ["ana"] });
      expect(second.workflow_run_id).not.toBe(first.workflow_run_id);
      expect(h.deliveredMessages).toHaveLength(2);
    }));
});
