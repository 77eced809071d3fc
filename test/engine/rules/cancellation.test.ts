import { describe, expect, it, vi } from "vitest";
import { MAX_RECIPIENTS_PER_CHUNK } from "../../../src/engine/run/continue-fan-out.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE, SECOND } from "../../helpers/case-times.js";
import { formatMessage, formatRuns, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const later = { steps: [step.delay("hours", 1), step.email()] };
const cancelled = "cancelled: delay_1 cancelled cancelled";
const waiting = "paused: delay_1 waiting 2025-06-04T11:00:00Z";
const completed = "completed: delay_1 passed, email_1 sent";

const start = (h: EngineHarness, recipients: string[], cancellation_key: string | null, key = "digest") =>
  h.trigger(key, { recipients, cancellation_key });

const messages = async (h: EngineHarness) => (await h.listMessages()).map(formatMessage);

describe("T. Cancellation", () => {
  it("C-317 E-353 E-358 cancels the runs of all recipients under the key", () =>
    withHarness(async (h) => {
      h.define("digest", later);
      const started = await start(h, ["ana", "bo"], "ck");
      await h.at(10 * MINUTE);
      const outcome = await h.cancel("digest", "ck");
      const ids = started.recipients?.map((one) => one.recipient_run_id);
      expect(outcome).toEqual({
        workflow: "digest",
        cancellation_key: "ck",
        target: "local",
        recipients: [
          { recipient: "ana", recipient_run_id: ids?.[0], outcome: "cancelled", reason: null },
          { recipient: "bo", recipient_run_id: ids?.[1], outcome: "cancelled", reason: null },
        ],
        summary: { cancelled: 2, not_cancellable: 0, unfinished_triggers: 0 },
      });
      await h.at(2 * HOUR);
      const after = await h.readOutcome(started);
      expect(formatRuns(after)).toEqual({ ana: cancelled, bo: cancelled });
      expect(after.summary).toMatchObject({ sent: 0, waiting: 0, cancelled: 2 });
      expect(await messages(h)).toEqual([]);
    }));

  it("C-318 E-353 cancels only the given recipients", () =>
    withHarness(async (h) => {
      h.define("digest", later);
      const started = await start(h, ["ana", "bo"], "ck");
      const outcome = await h.cancel("digest", "ck", ["bo"]);
      expect(outcome.recipients?.map(({ recipient }) => recipient)).toEqual(["bo"]);
      expect(formatRuns(await h.readOutcome(started))).toEqual({ ana: waiting, bo: cancelled });
      await h.at(HOUR);
      expect(formatRuns(await h.readOutcome(started))).toEqual({ ana: completed, bo: cancelled });
      expect(await messages(h)).toEqual(["ana mail sent: B"]);
    }));

  it.each([
    ["of all recipients", null],
    ["of some", ["user-0", `user-${MAX_RECIPIENTS_PER_CHUNK + 1}`]],
  ])("E-355 a cancellation %s also applies to recipients that the trigger has not reached yet", (_of, canceled) =>
    withHarness(async (h) => {
      h.define("digest", later);
      const project = { collection: "projects", id: "p1" };
      const ids = Array.from({ length: MAX_RECIPIENTS_PER_CHUNK + 20 }, (_, index) => `user-${index}`);
      for (let begin = 0; begin < ids.length; begin += 100)
        await h.engine.resources.subscriptions.add(project, {
          recipients: ids.slice(begin, begin + 100).map((id) => ({ id, email: `${id}@example.com` })),
        });
      const { store } = h;
      const insert = store.insertFanOutChunk.bind(store);
      let isCanceled = false;
      vi.spyOn(store, "insertFanOutChunk").mockImplementation(async (...chunk) => {
        if (!isCanceled) {
          const { summary } = await h.cancel("digest", "ck", canceled ?? undefined);
          expect(summary?.unfinished_triggers).toBe(1);
        }
        isCanceled = true;
        return insert(...chunk);
      });
      const started = await h.trigger("digest", { recipients: [project], cancellation_key: "ck" });
      await h.at(2 * HOUR);
      const ended = new Set<unknown>(canceled ?? ids);
      const { recipients } = await h.readOutcome(started);
      const users = recipients?.filter(({ recipient }) => typeof recipient === "string");
      expect(users?.map(({ recipient }) => recipient).toSorted()).toEqual(ids.toSorted());
      expect(users?.filter(({ recipient, status }) => (status === "cancelled") !== ended.has(recipient))).toEqual([]);
    }),
  );

  it("C-320 E-357 leaves an ended run unchanged", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.email()] });
      const started = await start(h, ["ana"], "ck");
      const before = await h.engine.readRecipientRun(started.recipients?.[0]?.recipient_run_id as string);
      const outcome = await h.cancel("digest", "ck");
      expect(outcome.recipients).toMatchObject([
        { recipient: "ana", outcome: "not_cancellable", reason: { code: "finished" } },
      ]);
      expect(outcome.summary).toEqual({ cancelled: 0, not_cancellable: 1, unfinished_triggers: 0 });
      expect(await h.engine.readRecipientRun(started.recipients?.[0]?.recipient_run_id as string)).toEqual(before);
      expect(await messages(h)).toEqual(["ana mail sent: B"]);
    }));

  it("C-320 E-357 reports a canceled run as `not_cancellable`", () =>
    withHarness(async (h) => {
      h.define("digest", later);
      await start(h, ["ana"], "ck");
      await h.cancel("digest", "ck");
      expect((await h.cancel("digest", "ck")).recipients).toMatchObject([
        { outcome: "not_cancellable", reason: { code: "cancelled" } },
      ]);
    }));

  it("C-321 E-354 E-360 does not cancel a trigger without a key", () =>
    withHarness(async (h) => {
      h.define("digest", later);
      const started = await start(h, ["ana"], null);
      expect(await h.cancel("digest", "ck")).toMatchObject({
        recipients: [],
        summary: { cancelled: 0, not_cancellable: 0, unfinished_triggers: 0 },
      });
      expect(formatRuns(await h.readOutcome(started))).toEqual({ ana: waiting });
    }));

  it("C-322 E-354 cancels two triggers with the same key", () =>
    withHarness(async (h) => {
      h.define("digest", later);
      const first = await start(h, ["ana"], "ck");
      const second = await start(h, ["ana"], "ck");
      expect((await h.cancel("digest", "ck")).summary).toEqual({
        cancelled: 2,
        not_cancellable: 0,
        unfinished_triggers: 0,
      });
      expect(formatRuns(await h.readOutcome(first))).toEqual({ ana: cancelled });
      expect(formatRuns(await h.readOutcome(second))).toEqual({ ana: cancelled });
      await h.at(2 * HOUR);
      expect(await messages(h)).toEqual([]);
    }));

  it("C-323 E-363 still sends a message that is already queued", () =>
    withHarness(async (h) => {
      const windows = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((day) => ({
        day,
        type: "send",
        from: "12:00",
        until: "17:00",
      }));
      h.define("digest", {
        steps: [step.email("S", "B", { send_windows: windows }), step.delay("hours", 1), step.sms()],
      });
      await h.identify({ id: "bo", phone_number: "+15550000002" });
      const started = await start(h, ["bo"], "ck");
      await h.at(10 * MINUTE);
      await h.cancel("digest", "ck");
      expect(await messages(h)).toEqual(["bo mail queued: B"]);
      await h.at(5 * HOUR);
      expect(await messages(h)).toEqual(["bo mail sent: B"]);
      expect(formatRuns(await h.readOutcome(started))).toEqual({
        bo: "cancelled: email_1 sent, delay_1 cancelled cancelled",
      });
    }));

  it("C-324 E-359 does not affect a trigger after the cancellation", () =>
    withHarness(async (h) => {
      h.define("digest", later);
      const first = await start(h, ["ana"], "ck");
      await h.cancel("digest", "ck");
      await h.at(SECOND);
      const second = await start(h, ["ana"], "ck");
      await h.at(2 * HOUR);
      expect(formatRuns(await h.readOutcome(first))).toEqual({ ana: cancelled });
      expect(formatRuns(await h.readOutcome(second))).toEqual({ ana: completed });
      expect(await messages(h)).toEqual(["ana mail sent: B"]);
    }));

  it("C-319 E-353 cancels one of an object's subscribers; the object and the other subscribers continue", () =>
    withHarness(async (h) => {
      const project = { collection: "projects", id: "p1" };
      await h.engine.resources.subscriptions.add(project, { recipients: ["ana", "bo"] });
      h.define("digest", { steps: [step.delay("hours", 1), step.email()] });
      const started = await h.trigger("digest", { recipients: [project], cancellation_key: "ck" });
      await h.cancel("digest", "ck", ["ana"]);
      await h.at(HOUR);
      expect(formatRuns(await h.readOutcome(started))).toEqual({
        "projects/p1": "completed: delay_1 passed, email_1 skipped missing_recipient_data",
        ana: "cancelled: delay_1 cancelled cancelled",
        bo: "completed: delay_1 passed, email_1 sent",
      });
    }));

  it("C-325 E-353 does not cancel a run of another workflow with the same key", () =>
    withHarness(async (h) => {
      h.define("digest", later);
      h.define("other", later);
      const first = await start(h, ["ana"], "ck");
      const second = await start(h, ["ana"], "ck", "other");
      expect((await h.cancel("digest", "ck")).summary).toEqual({
        cancelled: 1,
        not_cancellable: 0,
        unfinished_triggers: 0,
      });
      expect(formatRuns(await h.readOutcome(first))).toEqual({ ana: cancelled });
      expect(formatRuns(await h.readOutcome(second))).toEqual({ ana: waiting });
    }));

  it("E-353 EQ-61 rejects an unknown workflow", () =>
    withHarness(async (h) => {
      await expect(h.cancel("nope", "ck")).rejects.toMatchObject({ code: "workflow_missing" });
    }));
});
