import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { step } from "../../helpers/build-steps.js";
import { DAY, HOUR, MINUTE, SECOND, T0 } from "../../helpers/case-times.js";
import { formatMessage, formatRuns } from "../../helpers/engine-case.js";
import { EngineHarness, type HarnessOptions } from "../../helpers/engine-harness.js";

const iso = (offset: number) => new Date(T0 + offset).toISOString();
const later = { steps: [step.delay("hours", 1), step.email()] };
const waiting = "paused: delay_1 waiting 2025-06-04T11:00:00Z";
const completed = "completed: delay_1 passed, email_1 sent";
const people = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `p${n}`, email: `p${n}@lark.test` }));

let folder: string;
let opened: EngineHarness[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-due-"));
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((harness) => harness.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** Opens an engine with its own connection to the test's store. */
async function open(options: HarnessOptions = {}): Promise<EngineHarness> {
  const harness = await EngineHarness.open({ location: join(folder, "knock.db"), ...options });
  opened.push(harness);
  return harness;
}

/** Opens two engines on one store with the same time. `intercept` overrides methods of the first one's store. */
async function openTwo(intercept?: HarnessOptions["overrideStore"]): Promise<[EngineHarness, EngineHarness]> {
  const first = await open(intercept ? { overrideStore: intercept } : {});
  return [first, await open({ sharedWith: first })];
}

const reject = () => Promise.reject(new Error("killed"));
/** Lets a process end before it saves what it has claimed. */
const killed = () => ({
  saveAdvances: reject,
  saveMessages: reject,
  postponeRuns: reject,
  releaseClaims: reject,
  isTransient: () => true,
});

const messages = async (h: EngineHarness) => (await h.listMessages()).map(formatMessage);

describe("two engines on one store", () => {
  it("a run that one engine paused is continued by the other", async () => {
    const [one, two] = await openTwo();
    one.define("digest", later);
    const started = await one.trigger("digest", { recipients: ["ana"] });
    expect(formatRuns(await two.readOutcome(started))).toEqual({ ana: waiting });
    expect(await two.engine.readTimeUntilDue()).toBe(HOUR);

    one.now = T0 + HOUR;
    expect(await two.engine.runDue({})).toEqual([
      {
        recipient_run_id: started.recipients?.[0]?.recipient_run_id,
        recipient: "ana",
        workflow: "digest",
        at: iso(HOUR),
        steps: [
          expect.objectContaining({ ref: "delay_1", outcome: "passed" }),
          expect.objectContaining({ ref: "email_1", outcome: "sent" }),
        ],
      },
    ]);
    expect([one.deliveredMessages.length, two.deliveredMessages.length]).toEqual([0, 1]);
    expect(formatRuns(await one.readOutcome(started))).toEqual({ ana: completed });
    expect(await one.engine.runDue({})).toEqual([]);
    expect(await one.engine.readTimeUntilDue()).toBeNull();
  });

  it("due work runs once with several engines", async () => {
    const [one, two] = await openTwo();
    const three = await open({ sharedWith: one });
    one.define("digest", later);
    await one.trigger("digest", { recipients: people(600) });
    await two.trigger("digest", { recipients: people(600) });

    one.now = T0 + HOUR;
    const ran = await Promise.all([one, two, three].map((harness) => harness.engine.runDue({})));
    const ids = ran.flat().map((run) => run.recipient_run_id);
    expect(ids).toHaveLength(1_200);
    expect(new Set(ids).size).toBe(1_200);
    const delivered = [one, two, three].flatMap((harness) => harness.deliveredMessages.map(({ id }) => id));
    expect(delivered).toHaveLength(1_200);
    expect(new Set(delivered).size).toBe(1_200);
    const { items } = await one.engine.listMessages({ status: "sent" }, { limit: 2_000 });
    expect(items).toHaveLength(1_200);
  });

  it("what was advanced is returned with the steps that ended since, and with the status of their messages", async () => {
    const h = await open();
    const nested = { workflow_key: "inner", recipients: "{{ recipient.id }}", data: "{}" };
    h.define("inner", { steps: [step.sms("inner")] });
    h.define("digest", {
      steps: [
        step.feed(),
        step.delay("minutes", 1),
        step.email(),
        { ref: "nested_1", type: "trigger_workflow", settings: nested },
      ],
    });
    const started = await h.trigger("digest", { recipients: ["ana"] });
    h.now += MINUTE;
    const ran = await h.engine.runDue({});
    const id = started.recipients?.[0]?.recipient_run_id;
    expect(
      ran.map(({ recipient_run_id, recipient, workflow, at }) => [recipient_run_id === id, recipient, workflow, at]),
    ).toEqual([
      [true, "ana", "digest", iso(MINUTE)],
      [false, "ana", "inner", iso(MINUTE)],
    ]);
    expect(
      ran.map(({ steps }) => steps.map(({ ref, outcome, message_status }) => [ref, outcome, message_status])),
    ).toEqual([
      [
        ["delay_1", "passed", undefined],
        ["email_1", "sent", "queued"],
        ["nested_1", "passed", undefined],
      ],
      [["sms_1", "sent", "queued"]],
    ]);
  });

  it("a run that is canceled between claim and save stays canceled, and no message is created", async () => {
    let two: EngineHarness | undefined;
    const [one, other] = await openTwo((store) => ({
      async saveAdvances(...saved) {
        await two?.cancel("digest", "ck", ["ana"]);
        return store.saveAdvances(...saved);
      },
    }));
    two = other;
    one.define("digest", later);
    const started = await one.trigger("digest", { recipients: ["ana", "bo"], cancellation_key: "ck" });
    one.now = T0 + HOUR;
    expect((await one.engine.runDue({})).map(({ recipient }) => recipient)).toEqual(["bo"]);
    expect(formatRuns(await one.readOutcome(started))).toEqual({
      ana: "cancelled: delay_1 cancelled cancelled",
      bo: completed,
    });
    expect(await messages(two)).toEqual(["bo mail sent: B"]);
    expect(one.deliveredMessages.map(({ recipient }) => recipient)).toEqual(["$users/bo"]);
  });

  it("work of a crashed process is claimed by another when its lease ends, and not before", async () => {
    const [one, two] = await openTwo(killed);
    one.define("digest", later);
    const started = await one.trigger("digest", { recipients: ["ana"] });
    one.now = T0 + HOUR;
    await expect(one.engine.runDue({})).rejects.toThrow("killed");
    expect(formatRuns(await two.readOutcome(started))).toEqual({ ana: waiting });

    expect(await two.engine.runDue({})).toEqual([]);
    expect(await two.engine.readTimeUntilDue()).toBe(MINUTE);
    one.now += MINUTE - 1;
    expect(await two.engine.runDue({})).toEqual([]);
    one.now += 1;
    expect(await two.engine.runDue({})).toHaveLength(1);
    expect(await messages(two)).toEqual(["ana mail sent: B"]);
  });

  it("a process that continues after its lease does not overwrite another's work", async () => {
    let two: EngineHarness | undefined;
    const [one, other] = await openTwo((store) => ({
      async saveAdvances(...saved) {
        one.now += 61 * SECOND; // The process is suspended.
        expect(await two?.engine.runDue({})).toHaveLength(1);
        return store.saveAdvances(...saved);
      },
    }));
    two = other;
    one.define("digest", later);
    const started = await one.trigger("digest", { recipients: ["ana"] });
    one.now = T0 + HOUR;
    expect(await one.engine.runDue({})).toEqual([]);
    expect(await messages(one)).toEqual(["ana mail sent: B"]);
    expect([one.deliveredMessages.length, two.deliveredMessages.length]).toEqual([0, 1]);
    expect(formatRuns(await one.readOutcome(started))).toEqual({ ana: completed });
  });

  it("an interrupted delivery is repeated with the same message ID", async () => {
    const [one, two] = await openTwo(killed);
    one.define("digest", { steps: [step.email()] });
    await expect(one.trigger("digest", { recipients: ["ana"] })).rejects.toThrow("killed");
    expect(await messages(two)).toEqual(["ana mail queued: B"]);
    await two.engine.runDue({});
    expect(two.deliveredMessages).toEqual([]);
    one.now += 2 * MINUTE;
    await two.engine.runDue({});
    expect(await messages(two)).toEqual(["ana mail sent: B"]);
    expect(two.deliveredMessages.map(({ id }) => id)).toEqual(one.deliveredMessages.map(({ id }) => id));
  });

  it("a fetch step is stored before its request, which another process repeats after a crash", async () => {
    const [one, two] = await openTwo(killed);
    const fetchStep = {
      ref: "http_fetch_1",
      type: "http_fetch",
      settings: { method: "get", url: "https://lark.test/p" },
    };
    one.define("digest", { steps: [fetchStep, step.email()] });
    one.environment.fetch.allow.push("https://lark.test/");
    let stored: unknown;
    one.respond = () => {
      stored = two.engine.listRecipientRuns({}, { limit: 5 });
      return { status: 200, text: "{}" };
    };
    await expect(one.trigger("digest", { recipients: ["ana"] })).rejects.toThrow("killed");
    expect(((await stored) as { items: unknown[] }).items).toHaveLength(1);
    expect([one.requests.length, await messages(two)]).toEqual([1, []]);
    one.now += MINUTE;
    await two.engine.runDue({});
    expect([two.requests.length, await messages(two)]).toEqual([1, ["ana mail sent: B"]]);
  });

  it("E-068 a once-only workflow that both trigger at once runs once", async () => {
    const [one, two] = await openTwo();
    one.define("digest", { trigger_frequency: "once_per_recipient", steps: [step.email()] });
    const both = await Promise.all([one, two].map((h) => h.trigger("digest", { recipients: ["ana"] })));
    expect(
      both
        .map(formatRuns)
        .map((run) => run.ana)
        .sort(),
    ).toEqual(["completed trigger_frequency: no steps", "completed: email_1 sent"]);
    expect(await messages(one)).toEqual(["ana mail sent: B"]);
  });

  it("EQ-13 one of two triggers that both checked before inserting starts no run", async () => {
    let two: EngineHarness | undefined;
    const [one, other] = await openTwo((store) => ({
      async readAlreadyTriggered(records) {
        const used = await store.readAlreadyTriggered(records);
        await two?.trigger("digest", { recipients: ["ana"] });
        return used;
      },
    }));
    two = other;
    one.define("digest", { trigger_frequency: "once_per_recipient", steps: [step.email()] });
    const outcome = await one.trigger("digest", { recipients: ["ana", "bo"] });
    expect(formatRuns(outcome)).toEqual({
      ana: "completed trigger_frequency: no steps",
      bo: "completed: email_1 sent",
    });
    expect(await messages(one)).toEqual(["ana mail sent: B", "bo mail sent: B"]);
  });

  it("a store error during a trigger stores nothing and fails the trigger", async () => {
    const [one, two] = await openTwo(() => ({ insertWorkflowRun: () => Promise.reject(new Error("disk full")) }));
    one.define("digest", { steps: [step.email()] });
    await expect(one.trigger("digest", { recipients: ["ana"] })).rejects.toThrow("disk full");
    expect((await two.engine.listRecipientRuns({}, { limit: 10 })).items).toEqual([]);
    expect(one.deliveredMessages).toEqual([]);
  });
});

describe("the clock", () => {
  const state = { frozen: false, offset_ms: 0 };

  it("runs due work in order of time when it is moved, each at its own time", async () => {
    const h = await open();
    h.define("slow", { steps: [step.delay("hours", 1), step.email("S", "slow")] });
    h.define("chain", {
      steps: [
        step.delay("minutes", 10),
        step.email("S", "first"),
        step.delay("minutes", 20, {}, "delay_2"),
        step.email("S", "second", {}, "mail", "email_2"),
      ],
    });
    await h.trigger("slow", { recipients: ["ana"] });
    await h.trigger("chain", { recipients: ["bo"] });

    const moved = await h.engine.moveClock(T0 + 2 * HOUR, { force: false });
    expect(moved).toMatchObject({ now: iso(2 * HOUR), frozen: false, offset_ms: 2 * HOUR });
    expect(moved.ran.map(({ at, workflow, steps }) => [at, workflow, steps.map(({ ref }) => ref)])).toEqual([
      [iso(10 * MINUTE), "chain", ["delay_1", "email_1", "delay_2"]],
      [iso(30 * MINUTE), "chain", ["delay_2", "email_2"]],
      [iso(HOUR), "slow", ["delay_1", "email_1"]],
    ]);
    const stored = await h.listMessages();
    expect(stored.map((message) => [formatMessage(message), message.inserted_at - T0])).toEqual([
      ["bo mail sent: first", 10 * MINUTE],
      ["bo mail sent: second", 30 * MINUTE],
      ["ana mail sent: slow", HOUR],
    ]);
    expect(stored.map(({ events }) => (events.at(-1)?.at ?? 0) - T0)).toEqual([10 * MINUTE, 30 * MINUTE, HOUR]);
    expect(await h.engine.readClock()).toEqual({ now: iso(2 * HOUR), frozen: false, offset_ms: 2 * HOUR });
  });

  it("retries deliveries while it is moved, each at its own time", async () => {
    const h = await open();
    h.deliver = () =>
      h.deliveredMessages.length < 3 ? { status: "failed", retryable: true, reason: "429" } : { status: "sent" };
    h.define("digest", { steps: [step.email()] });
    await h.trigger("digest", { recipients: ["ana"] });
    const { ran } = await h.engine.moveClock(T0 + MINUTE, { force: false });
    expect(ran).toEqual([]);
    expect((await h.listMessages())[0]?.events.at(-1)).toMatchObject({ type: "sent", at: T0 + 42 * SECOND });
  });

  it("is shared by all engines of a store, and new triggers use it", async () => {
    const [one, two] = await openTwo();
    one.define("digest", { steps: [step.email()] });
    await one.engine.moveClock(T0 + DAY, { force: false });
    expect(await two.engine.readClock()).toEqual({ now: iso(DAY), frozen: false, offset_ms: DAY });
    one.now += MINUTE;
    await two.trigger("digest", { recipients: ["ana"] });
    expect((await one.listMessages())[0]?.inserted_at).toBe(T0 + DAY + MINUTE);
  });

  it("continues with real time after a move, but not while frozen", async () => {
    const h = await open();
    await h.engine.moveClock(T0 + HOUR, { force: false });
    h.now += MINUTE;
    expect(await h.engine.readClock()).toEqual({ now: iso(HOUR + MINUTE), frozen: false, offset_ms: HOUR });
    expect(await h.engine.freezeClock(null)).toEqual({ now: iso(HOUR + MINUTE), frozen: true, offset_ms: HOUR });
    h.now += MINUTE;
    expect(await h.engine.readClock()).toEqual({ now: iso(HOUR + MINUTE), frozen: true, offset_ms: HOUR - MINUTE });
    expect(await h.engine.resetClock()).toEqual({ ...state, now: iso(2 * MINUTE) });
    expect(await h.engine.readClock()).toEqual({ ...state, now: iso(2 * MINUTE) });
  });

  it("runs no due work while frozen, except when it is moved, and stays frozen", async () => {
    const h = await open();
    await h.engine.freezeClock(T0 + MINUTE);
    h.define("digest", later);
    const started = await h.trigger("digest", { recipients: ["ana"] });
    h.now += 5 * HOUR;
    expect(await h.engine.readTimeUntilDue()).toBeNull();
    expect(await h.engine.runDue({})).toEqual([]);
    const moved = await h.engine.moveClock(T0 + 2 * HOUR, { force: false });
    expect(moved).toMatchObject({ now: iso(2 * HOUR), frozen: true });
    expect(moved.ran.map(({ at }) => at)).toEqual([iso(HOUR + MINUTE)]);
    expect(formatRuns(await h.readOutcome(started))).toEqual({ ana: completed });
    h.now += HOUR;
    expect(await h.engine.readClock()).toMatchObject({ now: iso(2 * HOUR), frozen: true });
  });

  it("runs nothing when it is set to the current time", async () => {
    const h = await open();
    expect(await h.engine.moveClock(T0, { force: false })).toEqual({ ...state, now: iso(0), ran: [] });
  });

  it("cannot be moved or frozen in the past unless forced, which keeps earlier runs unchanged", async () => {
    const h = await open();
    h.define("digest", later);
    const started = await h.trigger("digest", { recipients: ["ana"] });
    await h.engine.moveClock(T0 + HOUR, { force: false });

    const before = { now: iso(HOUR), frozen: false, offset_ms: HOUR };
    const back = T0 + HOUR - 1;
    await expect(h.engine.moveClock(back, { force: false })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(iso(HOUR - 1)),
      hint: expect.stringContaining("--force"),
    });
    await expect(h.engine.freezeClock(back)).rejects.toMatchObject({ code: "usage" });
    expect(await h.engine.readClock()).toEqual(before);

    h.define("other", later);
    await h.trigger("other", { recipients: ["bo"] });
    expect(await h.engine.moveClock(T0, { force: true })).toEqual({ ...state, now: iso(0), ran: [] });
    expect(formatRuns(await h.readOutcome(started))).toEqual({ ana: completed });
    expect(await h.engine.readTimeUntilDue()).toBe(2 * HOUR);
  });

  it("leaves later work waiting when it is reset to real time", async () => {
    const h = await open();
    await h.engine.moveClock(T0 + DAY, { force: false });
    h.define("digest", later);
    const started = await h.trigger("digest", { recipients: ["ana"] });
    await h.engine.resetClock();
    expect(await h.engine.runDue({})).toEqual([]);
    h.now = T0 + DAY + HOUR;
    expect(await h.engine.runDue({})).toHaveLength(1);
    expect(formatRuns(await h.readOutcome(started))).toEqual({ ana: completed });
  });

  it("stays at the last due time when a move is interrupted", async () => {
    const h = await open();
    h.define("digest", later);
    h.define("much-later", { steps: [step.delay("hours", 5), step.email()] });
    await h.trigger("digest", { recipients: ["ana"] });
    const second = await h.trigger("much-later", { recipients: ["ana"] });
    const controller = new AbortController();
    h.deliver = () => {
      controller.abort();
      return { status: "sent" };
    };
    const moved = await h.engine.moveClock(T0 + DAY, { force: false, signal: controller.signal });
    expect(moved.now).toBe(iso(HOUR));
    expect(moved.ran).toHaveLength(1);
    expect(formatRuns(await h.readOutcome(second))).toEqual({
      ana: "paused: delay_1 waiting 2025-06-04T15:00:00Z",
    });
  });

  it("skips work that another process has claimed, and runs later work", async () => {
    let writes = 0;
    const [dead, two] = await openTwo(killed);
    const three = await open({
      sharedWith: dead,
      overrideStore: (store) => ({
        writeClock(setting) {
          writes++;
          return store.writeClock(setting);
        },
      }),
    });
    dead.define("digest", later);
    dead.define("much-later", { steps: [step.delay("days", 20), step.email("S", "late")] });
    const held = await two.trigger("digest", { recipients: ["ana"] });
    await two.trigger("much-later", { recipients: ["bo"] });
    dead.now = T0 + HOUR;
    await expect(dead.engine.runDue({})).rejects.toThrow("killed");

    const moved = await three.engine.moveClock(T0 + 30 * DAY, { force: false });
    expect(moved.now).toBe(iso(30 * DAY));
    expect(moved.ran.map(({ at, workflow }) => [at, workflow])).toEqual([[iso(20 * DAY), "much-later"]]);
    expect(await messages(two)).toEqual(["bo mail sent: late"]);
    expect(writes).toBeLessThan(10);

    // The owner's lease ends in real time.
    expect(await two.engine.readTimeUntilDue()).toBe(MINUTE);
    dead.now += MINUTE;
    expect(await two.engine.runDue({})).toHaveLength(1);
    expect(formatRuns(await two.readOutcome(held))).toEqual({ ana: completed });
  });
});

describe("following a trigger", () => {
  it("awaitOutcome runs due work until all runs have ended", async () => {
    const h = await open();
    h.define("digest", { steps: [step.delay("seconds", 3), step.email()] });
    const started = await h.trigger("digest", { recipients: ["ana", "bo"] });
    const progress: string[] = [];
    const outcome = await h.engine.awaitOutcome(started, {
      timeout_ms: null,
      onProgress: (ended, total) => progress.push(`${ended}/${total}`),
    });
    const run = "completed: delay_1 passed, email_1 sent";
    expect(formatRuns(outcome)).toEqual({ ana: run, bo: run });
    expect(outcome.summary).toMatchObject({ sent: 2, waiting: 0 });
    expect(h.now - T0).toBe(3 * SECOND);
    expect(progress[0]).toBe("0/2");
    expect(progress.at(-1)).toBe("2/2");
  });

  it("awaitOutcome returns the current outcome at the timeout", async () => {
    const h = await open();
    h.define("digest", later);
    const started = await h.trigger("digest", { recipients: ["ana"] });
    const outcome = await h.engine.awaitOutcome(started, { timeout_ms: 5 * SECOND });
    expect(formatRuns(outcome)).toEqual({ ana: waiting });
    expect(h.now - T0).toBe(5 * SECOND);
  });

  it("awaitOutcome returns runs of another process", async () => {
    const [one, two] = await openTwo();
    one.define("digest", { steps: [step.delay("seconds", 1), step.email()] });
    const started = await one.trigger("digest", { recipients: ["ana"] });
    one.now += SECOND;
    await two.engine.runDue({});
    const outcome = await one.engine.awaitOutcome(started, { timeout_ms: 0 });
    expect(formatRuns(outcome)).toEqual({ ana: completed });
    expect(one.deliveredMessages).toEqual([]);
  });
});
