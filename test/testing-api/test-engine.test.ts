import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EngineMatchers } from "../../src/testing-api/matcher-types.js";
import {
  assertNotSent,
  assertNotSkipped,
  assertSent,
  assertSkipped,
  createTestEngine,
  matchers,
  type TestEngine,
} from "../../src/testing-api/testing.js";

const PROJECT = join(resolve(import.meta.dirname, "../.."), "fixtures/collab");

/** The workflows that the tests trigger, as `knock types` would describe them. */
interface Workflows {
  "new-comment": { page: string; comment?: string };
  invite: { page?: string };
}

expect.extend(matchers);
const check = (engine: unknown) => expect(engine) as unknown as EngineMatchers & { not: EngineMatchers };

/** Returns the error with which a promise rejects. Throws if it resolves. */
const catchError = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error("nothing was thrown")),
    (error: unknown) => error,
  );

let engine: TestEngine<Workflows>;
beforeAll(async () => {
  engine = await createTestEngine<Workflows>({ project: PROJECT });
});
afterEach(() => engine.reset());
afterAll(() => engine.close());

const comment = () =>
  engine.notify("new-comment", { recipients: ["ada", "grace"], actor: "alan", data: { page: "Home" } });

describe("createTestEngine", () => {
  it("runs a workflow, and moves the clock until no work is pending", async () => {
    const { recipients } = await comment();
    expect(recipients.map(({ recipient, steps }) => [recipient, steps.at(-1)?.outcome])).toEqual([
      ["ada", "waiting"],
      ["grace", "waiting"],
    ]);
    expect(await engine.messages({ channel: "email" })).toEqual([]);
    await engine.advance("29m");
    expect(await engine.messages({ channel: "email" })).toEqual([]);
    await engine.untilIdle();
    expect(await engine.now()).toEqual(new Date("2026-01-05T09:30:00Z"));
    const [email] = await engine.messages({ to: "grace", channel: "email" });
    expect(email).toMatchObject({ subject: "Alan Turing commented on Home", step: "email_1", workflow: "new-comment" });
    expect(email?.html).toContain("<");
    expect(await engine.runs({ to: "grace" })).toMatchObject([{ workflow: "new-comment", status: "completed" }]);
  });

  it("returns the same IDs after a reset, and forgets data and time", async () => {
    const first = await comment();
    await engine.identify("zoe", { email: "zoe@example.com" });
    await engine.untilIdle();
    await engine.reset();
    expect(await engine.messages()).toEqual([]);
    expect(await engine.now()).toEqual(new Date("2026-01-05T09:00:00Z"));
    expect((await comment()).workflow_run_id).toBe(first.workflow_run_id);
  });

  it("gives engines that are open at the same time their own data", async () => {
    const other = await createTestEngine({ project: PROJECT, time: new Date("2030-06-04T10:00:00Z"), seed: "other" });
    try {
      const [mine, theirs] = await Promise.all([
        comment(),
        other.notify("new-comment", { recipients: "ada", data: { page: "Home" } }),
      ]);
      expect(mine.workflow_run_id).not.toBe(theirs.workflow_run_id);
      expect((await engine.messages()).map(({ to }) => to)).toEqual(["ada", "grace"]);
      expect((await other.messages()).map(({ at }) => at)).toEqual(["2030-06-04T10:00:00.000Z"]);
    } finally {
      await other.close();
    }
  });

  it("cancels, changes preferences, and marks messages", async () => {
    await engine.notify("new-comment", { recipients: ["ada"], data: { page: "Home" }, cancellation_key: "c1" });
    expect(await engine.cancel("new-comment", { cancellation_key: "c1" })).toEqual({ cancelled: 1 });
    await engine.setPreferences("grace", { channel_types: { email: false } });
    await engine.notify("new-comment", { recipients: ["ada", "grace"], data: { page: "Home" } });
    await engine.mark({ to: "ada" }, "seen");
    await engine.untilIdle();
    await check(engine).toHaveSkipped({ to: "ada", step: "email_1", reason: "condition" });
    await check(engine).toHaveSkipped({ to: "grace", step: "email_1", reason: "preference" });
    await check(engine).not.toHaveSent({ channel: "email" });
  });

  it("creates schedules, and starts their runs when the clock reaches them", async () => {
    const daily = { frequency: "daily", hours: 9, minutes: 30 };
    await engine.schedule("new-comment", { recipients: ["ada", "grace"], data: { page: "Home" }, repeats: [daily] });
    await engine.schedule("invite", { recipients: "ada", scheduled_at: new Date("2026-01-06T08:00:00Z") });
    expect(await engine.runs()).toEqual([]);
    await engine.advance("3d");
    const started = (await engine.runs()).map(({ workflow, recipient }) => `${workflow} ${recipient}`).sort();
    expect(started).toEqual([
      "invite ada",
      ...Array.from({ length: 3 }, () => "new-comment ada"),
      ...Array.from({ length: 3 }, () => "new-comment grace"),
    ]);
    await expect(engine.schedule("invite", { recipients: "ada" })).rejects.toThrow("scheduled_at");
    // @ts-expect-error The workflow requires a page.
    await expect(engine.schedule("new-comment", { recipients: "ada", data: {} })).rejects.toThrow();
  });

  it("rejects invalid options and triggers with the location and the nearest name", async () => {
    expect(await catchError(createTestEngine({ project: PROJECT, times: "x" } as never))).toMatchObject({
      message: expect.stringMatching(/createTestEngine.*times/),
    });
    expect(await catchError(engine.notify("new-coment" as "invite", { recipients: ["ada"] }))).toMatchObject({
      code: "workflow_missing",
      hint: expect.stringContaining("new-comment"),
    });
    expect(await catchError(engine.messages({ channel: "emial" }))).toMatchObject({
      message: 'there is no channel "emial"\nDid you mean "email"?',
      hint: 'Did you mean "email"?',
    });
    expect(await catchError(engine.advance("soon"))).toMatchObject({ code: "scenario_invalid" });
  });

  it("rejects calls after it was closed", async () => {
    const closed = await createTestEngine({ project: PROJECT });
    await closed.close();
    await closed.close();
    expect(await catchError(closed.messages())).toMatchObject({
      message: expect.stringContaining("the test engine is closed\nCreate a new one"),
    });
    expect(await catchError(closed.reset())).toMatchObject({
      message: expect.stringContaining("the test engine is closed\nCreate a new one"),
    });
  });
});

describe("the matchers", () => {
  it("compare all properties with each message", async () => {
    await comment();
    await engine.untilIdle();
    await check(engine).toHaveSent({ to: "grace", channel: "email", subject: { contains: "commented on Home" } });
    await check(engine).toHaveSent({ channel: "in-app", count: 2 });
    await check(engine).not.toHaveSent({ channel: "email", subject: "Another subject" });
    expect(await catchError(check(engine).not.toHaveSent({ to: "grace", channel: "email" }))).toMatchObject({
      message: expect.stringContaining("email email_1 to grace at 2026-01-05T09:30:00.000Z"),
    });
    expect(await catchError(check(engine).toHaveSent({ to: "grace", channel: "email", subject: "X" }))).toMatchObject({
      message: expect.stringMatching(
        /subject of email email_1 to grace\n\s+expected {2}X\n\s+found {5}Alan Turing commented/,
      ),
    });
    expect(await catchError(check(engine).toHaveSent({ channel: "in-app", count: 3 }))).toMatchObject({
      message: expect.stringMatching(/expected {2}3\n\s+found {5}2/),
    });
  });

  it("explain a missing message by the conditions and preferences that decided it", async () => {
    await comment();
    await engine.mark({ to: "grace" }, "seen");
    await engine.untilIdle();
    expect(await catchError(check(engine).toHaveSent({ to: "grace", channel: "email" }))).toMatchObject({
      message: expect.stringMatching(/why\n\s+grace email_1 {2}skipped \(condition[\s\S]*engagement_status/),
    });
    expect(await catchError(check(engine).toHaveSkipped({ to: "ada", step: "in_app_feed_1" }))).toMatchObject({
      message: expect.stringMatching(/ada in_app_feed_1\n\s+expected {2}skipped\n\s+found {5}delivered/),
    });
    expect(
      await catchError(check(engine).toHaveSkipped({ to: "grace", step: "email_1", reason: "preference" })),
    ).toMatchObject({
      message: expect.stringMatching(/found {5}skipped \(condition[\s\S]*why[\s\S]*engagement_status/),
    });
    expect(await catchError(check(engine).not.toHaveSkipped({ to: "grace" }))).toMatchObject({
      message: expect.stringContaining("grace email_1  skipped (condition"),
    });
  });

  it.each([
    [() => check(engine).not.toHaveSent({ workflow: "new-coment" }), 'there is no workflow "new-coment"'],
    [() => check(engine).not.toHaveSent({ step: "email_9" }), 'there is no step "email_9"'],
    [() => check(engine).not.toHaveSent({ to: "gracee" }), 'there is no recipient "gracee"\nDid you mean "grace"?'],
    [() => check(engine).not.toHaveSent({ to: "projects/p1x" }), 'there is no recipient "projects/p1x"'],
    [() => check(engine).not.toHaveSent({ tenant: "acmee" }), 'there is no tenant "acmee"\nDid you mean "acme"?'],
    [() => check(engine).not.toHaveSkipped({ to: "gracee" }), 'there is no recipient "gracee"'],
    [() => engine.messages({ to: "gracee" }), 'there is no recipient "gracee"'],
    [() => engine.runs({ to: "gracee" }), 'there is no recipient "gracee"'],
    [() => engine.messages({ recipient: "gracee" } as never), 'messages: unknown key "recipient"'],
    [() => engine.messages({ chanel: "email" } as never), 'messages: unknown key "chanel"; did you mean "channel"?'],
    [() => engine.runs({ workflw: "invite" } as never), 'runs: unknown key "workflw"; did you mean "workflow"?'],
    [() => engine.mark({ to: "gracee" }, "seen"), 'there is no recipient "gracee"'],
    [() => check(engine).not.toHaveSent({ chanel: "email" } as never), /chanel/],
    [() => check(engine).not.toHaveSkipped({ reason: "preferences" }), 'there is no reason "preferences"'],
    [() => check(engine).not.toHaveSkipped({ ref: "email_1" } as never), /"ref" is not a known property/],
    [() => check(engine).not.toHaveSent({ count: 1 }), "a count cannot be negated"],
    [() => check(engine).toHaveSent({ count: 0, subject: "X" }), /count.*there is no message to compare/],
    [() => check(42).toHaveSent({}), "the value is not a test engine"],
  ])("reject an expectation that could never fail (%#)", async (run, message) => {
    expect(await catchError(run())).toMatchObject({
      message: typeof message === "string" ? expect.stringContaining(message) : expect.stringMatching(message),
    });
  });
});

it("accepts recipients without an identity that the test has used, until a reset", async () => {
  await engine.notify("new-comment", { recipients: "nobody", data: { page: "Home" } });
  await assertNotSent(engine, { to: "nobody" });
  expect(await engine.runs({ to: "nobody" })).toEqual([]);
  await engine.reset();
  await expect(assertNotSent(engine, { to: "nobody" })).rejects.toThrow('there is no recipient "nobody"');
});

describe("errors", () => {
  it.each<[() => Promise<unknown>, string]>([
    [() => createTestEngine({ projct: PROJECT } as never), 'unknown key "projct"; did you mean "project"?'],
    [() => createTestEngine({ other: 1 } as never), "project, knockDir, seed"],
    [() => assertNotSent(engine, { too: "grace" } as never), 'assertNotSent: unknown key "too"; did you mean "to"?'],
    [
      () => assertSkipped(engine, { sttep: "x" } as never),
      'assertSkipped: "sttep" is not a known property\nDid you mean "step"?',
    ],
    [() => check(engine).toHaveSent({ workflow: "invit" }), 'there is no workflow "invit"\nDid you mean "invite"?'],
    [() => engine.notify("invit" as never, { recipients: "ada" } as never), 'Did you mean "invite"?'],
  ])("name the function and contain the hint (%#)", async (run, message) => {
    const error = (await catchError(run())) as Error;
    expect(error.message).toContain(message);
    expect(error.stack).toContain(message);
  });
});

describe("the assertion functions", () => {
  it("throw an AssertionError with the message of the matchers", async () => {
    await comment();
    await assertSent(engine, { to: "ada", channel: "in-app" });
    await assertNotSent(engine, { channel: "email" });
    await assertNotSkipped(engine, {});
    for (const run of [
      assertSent(engine, { channel: "email" }),
      assertNotSent(engine, { to: "ada" }),
      assertSkipped(engine, { to: "ada" }),
    ])
      expect(await catchError(run)).toMatchObject({
        code: "ERR_ASSERTION",
        message: expect.stringMatching(/^expected /),
      });
    expect(await catchError(assertSent(engine, { channel: "email" }))).toMatchObject({
      message: expect.stringMatching(/delay_1 {2}waiting/),
    });
  });
});

describe("snapshot and restore", () => {
  it("repeat what follows exactly, with IDs, time and failures", async () => {
    await comment();
    await engine.failDeliveries({ channel: "email", status: 503, times: 3, rate: 0.5, seed: "a" });
    const snapshot = await engine.snapshot();
    expect(snapshot.time).toEqual(new Date("2026-01-05T09:00:00Z"));
    const play = async () => {
      await engine.notify("invite", { recipients: ["grace"], actor: "alan" });
      await engine.advance("2h");
      return { messages: await engine.messages(), runs: await engine.runs(), now: await engine.now() };
    };
    const first = await play();
    await engine.restore(snapshot);
    expect(await engine.now()).toEqual(snapshot.time);
    expect(await engine.messages({ channel: "email" })).toEqual([]);
    expect(await play()).toEqual(first);
    await engine.reset();
    await engine.restore(snapshot);
    expect(await play()).toEqual(first);
  });

  it("go back to any of several snapshots", async () => {
    const empty = await engine.snapshot();
    await comment();
    const one = await engine.snapshot();
    await comment();
    await engine.restore(empty);
    expect(await engine.runs()).toEqual([]);
    await engine.restore(one);
    expect(await engine.runs()).toHaveLength(2);
    await assertSent(engine, { to: "ada", channel: "in-app-feed", count: 1 });
  });

  it("reject a value that is not a snapshot of the engine", async () => {
    const other = await createTestEngine({ project: PROJECT });
    const foreign = await other.snapshot();
    await other.close();
    for (const value of [foreign, {}, null, undefined, "snapshot"])
      expect(await catchError(engine.restore(value as never))).toMatchObject({
        code: "usage",
        message: expect.stringContaining("the value is not a snapshot of this test engine"),
      });
    expect(await catchError(other.snapshot())).toMatchObject({ message: expect.stringContaining("is closed") });
  });
});
