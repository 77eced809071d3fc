import { describe, expect, it } from "vitest";
import { checkHistory } from "./concurrency/check-history.js";
import type { Call, FinalMessage, FinalRun, FinalState, HistoryEntry, Results } from "./concurrency/history.js";
import { findUnexplained, type Interval, type SequentialModel } from "./concurrency/linearizability.js";

type Operation = { write: number } | { read: number };

const REGISTER: SequentialModel<number, Operation> = {
  initial: 0,
  apply: (state, operation) => ("write" in operation ? operation.write : operation.read === state ? state : null),
};

const at = (invokedAt: number, respondedAt: number, operation: Operation): Interval<Operation> => ({
  operation,
  invokedAt,
  respondedAt,
});

describe("findUnexplained", () => {
  it.each([
    ["an empty history", []],
    ["a read after a write", [at(1, 2, { write: 1 }), at(3, 4, { read: 1 })]],
    ["a read during a write, of the value before", [at(1, 9, { write: 1 }), at(2, 3, { read: 0 })]],
    ["a read during a write, of its value", [at(1, 9, { write: 1 }), at(2, 3, { read: 1 }), at(4, 5, { read: 1 })]],
    [
      "concurrent writes in the order that the reads saw",
      [at(1, 9, { write: 1 }), at(1, 9, { write: 2 }), at(2, 3, { read: 2 }), at(4, 5, { read: 1 })],
    ],
  ])("accepts %s", (_name, history) => {
    expect(findUnexplained(history, REGISTER)).toBeNull();
  });

  it.each([
    ["a value that nobody wrote", [at(1, 2, { read: 1 })]],
    ["a read of an old value after a write", [at(1, 2, { write: 1 }), at(3, 4, { read: 0 })]],
    ["a value that disappears", [at(1, 9, { write: 1 }), at(2, 3, { read: 1 }), at(4, 5, { read: 0 })]],
    [
      "a write that takes effect twice",
      [
        at(1, 9, { write: 1 }),
        at(1, 3, { write: 2 }),
        at(4, 5, { read: 2 }),
        at(6, 7, { read: 1 }),
        at(8, 9, { read: 2 }),
      ],
    ],
  ])("rejects %s, with the operations that are impossible", (_name, history) => {
    expect(findUnexplained(history, REGISTER)).toMatchObject({ isUndecided: false, next: expect.any(Array) });
  });
});

/** Builds a history and its final state. Each call takes the milliseconds after its invocation until the next one. */
class HistoryBuilder {
  readonly history: HistoryEntry[] = [];
  readonly final: FinalState = { runs: [], messages: [], clock: null };
  private now = 0;

  add<Type extends Call["type"]>(
    call: Extract<Call, { type: Type }>,
    result: Results[Type] | null,
    { lasts = 1, error = null }: { lasts?: number; error?: string | null } = {},
  ): this {
    const invokedAt = ++this.now;
    const respondedAt = invokedAt + lasts - 0.5;
    this.history.push({ client: "c1", call, invokedAt, respondedAt, result, error });
    return this;
  }

  addRun(run: Partial<FinalRun> & Pick<FinalRun, "id">): this {
    const { id } = run;
    this.final.runs.push({
      workflowRun: id,
      workflow: "note",
      subject: "s",
      status: "completed",
      passed: null,
      data: {},
      insertedAt: 0,
      ...run,
    });
    return this;
  }

  addMessage(message: Partial<FinalMessage> & Pick<FinalMessage, "run">): this {
    const { run } = message;
    const { workflow = "note" } = this.final.runs.find(({ id }) => id === run) ?? {};
    const engagement = { read: false, archived: false };
    const number = this.final.messages.length;
    this.final.messages.push({
      id: `m${number}`,
      workflow,
      subject: "s",
      step: "feed_1",
      insertedAt: 0,
      engagement,
      activities: [],
      ...message,
    });
    return this;
  }

  /** Adds a journey that has ended with these messages. */
  addJourney(id: string, status: "completed" | "cancelled", messages: number): this {
    this.addRun({ id, workflow: "journey", status });
    for (let number = 1; number <= messages; number++)
      this.addMessage({ run: id, step: `feed_${number}`, insertedAt: (number - 1) * 60_000 });
    return this;
  }

  check(): string[] {
    return checkHistory(this.history, this.final);
  }
}

const build = (): HistoryBuilder => new HistoryBuilder();
const START_JOURNEY = { type: "trigger", workflow: "journey", subject: "s" } as const;
const CANCEL_JOURNEY = { type: "cancel", workflow: "journey", subject: "s", key: "s" } as const;
const COUNT = { type: "count_messages", subject: "s" } as const;
const LIST = { type: "list_runs", subject: "s" } as const;
const MOVE = { type: "move_clock", by: 60_000 } as const;
const trigger = (
  workflow: "note" | "alert" | "digest" | "once",
  more: Partial<Extract<Call, { type: "trigger" }>> = {},
) => ({ type: "trigger", workflow, subject: "s", ...more }) as const;

/** A history without violations, of each kind of object. */
const CORRECT: [string, HistoryBuilder][] = [
  [
    "a journey that is canceled after its first message",
    build()
      .add(START_JOURNEY, { run: "r1" })
      .add(COUNT, { messages: { r1: 1 } })
      .add(CANCEL_JOURNEY, { runs: { r1: "cancelled" } })
      .add(LIST, { statuses: { r1: "cancelled" } })
      .addJourney("r1", "cancelled", 1),
  ],
  [
    "a journey that completes while it is canceled without a listed outcome",
    build()
      .add(START_JOURNEY, { run: "r1" })
      .add(CANCEL_JOURNEY, { runs: null })
      .add(LIST, { statuses: { r1: "completed" } })
      .addJourney("r1", "completed", 3),
  ],
  [
    "a key with one run, a repeated trigger and another payload",
    build()
      .add(trigger("once", { key: "k", payload: "a" }), { run: "r1" })
      .add(trigger("once", { key: "k", payload: "a" }), { run: "r1" })
      .add(trigger("once", { key: "k", payload: "b" }), { run: null })
      .addRun({ id: "r1", workflow: "once" })
      .addMessage({ run: "r1" }),
  ],
  [
    "a batch whose second activity was withdrawn",
    build()
      .add(trigger("digest", { activity: "c1-1-0" }), { run: "r1" })
      .add(trigger("digest", { activity: "c1-2-0" }), { run: "r2" })
      .add({ type: "cancel", workflow: "digest", subject: "s", key: "c1-2-0" }, { runs: { r2: "cancelled" } })
      .addRun({ id: "r1", workflow: "digest", data: { activity: "c1-1-0" } })
      .addRun({ id: "r2", workflow: "digest", data: { activity: "c1-2-0" } })
      .addMessage({ run: "r1", activities: ["c1-1-0"] }),
  ],
];

describe("checkHistory", () => {
  it.each(CORRECT)("accepts %s", (_name, builder) => {
    expect(builder.check()).toEqual([]);
  });

  it("rejects an error that a user saw", () => {
    const builder = build().add(COUNT, null, { error: "database is locked" });
    expect(builder.check()).toEqual([expect.stringContaining("database is locked")]);
  });

  it.each([
    ["is lost", build().add(trigger("note"), { run: "r1" }), "the accepted trigger r1 is lost"],
    [
      "has two runs",
      build().add(trigger("note"), { run: "r1" }).addRun({ id: "r1" }).addRun({ id: "r2", workflowRun: "r1" }),
      "the trigger r1 has two runs of one recipient",
    ],
    ["nobody started", build().addRun({ id: "r1" }).addMessage({ run: "r1" }), "no client started the run r1"],
    [
      "has no message",
      build().add(trigger("note"), { run: "r1" }).addRun({ id: "r1" }),
      "the completed run r1 has the messages  instead of feed_1",
    ],
    [
      "has a message twice",
      build()
        .add(trigger("note"), { run: "r1" })
        .addRun({ id: "r1" })
        .addMessage({ run: "r1" })
        .addMessage({ run: "r1" }),
      "the run r1 has a message twice",
    ],
    [
      "never ends",
      build().add(trigger("note"), { run: "r1" }).addRun({ id: "r1", status: "paused" }).addMessage({ run: "r1" }),
      "the run r1 has not ended",
    ],
  ])("rejects a run that %s", (_name, builder, violation) => {
    expect(builder.check().join("\n")).toContain(violation);
  });

  const canceled = (): HistoryBuilder =>
    build()
      .add(START_JOURNEY, { run: "r1" })
      .add(COUNT, { messages: { r1: 1 } })
      .add(CANCEL_JOURNEY, { runs: { r1: "cancelled" } });
  it.each([
    [
      "creates a message after it",
      canceled()
        .add(COUNT, { messages: { r1: 1 } })
        .addJourney("r1", "cancelled", 2),
    ],
    [
      "is seen with another message later",
      canceled()
        .add(COUNT, { messages: { r1: 1 } })
        .add(COUNT, { messages: { r1: 2 } })
        .addJourney("r1", "cancelled", 2),
    ],
    ["completes after it", canceled().addJourney("r1", "completed", 3)],
    [
      "is active after it",
      canceled()
        .add(LIST, { statuses: { r1: "paused" } })
        .addJourney("r1", "cancelled", 1),
    ],
    [
      "is canceled twice",
      canceled()
        .add(CANCEL_JOURNEY, { runs: { r1: "cancelled" } })
        .addJourney("r1", "cancelled", 1),
    ],
    [
      "advances in a move that begins after it",
      canceled()
        .add(MOVE, { now: 60_000, ran: [{ run: "r1", at: 60_000 }] })
        .addJourney("r1", "cancelled", 2),
    ],
    [
      "started before it, but is not in its outcome",
      build().add(START_JOURNEY, { run: "r1" }).add(CANCEL_JOURNEY, { runs: {} }).addJourney("r1", "completed", 3),
    ],
    [
      "could not be canceled, but is active later",
      build()
        .add(START_JOURNEY, { run: "r1" })
        .add(CANCEL_JOURNEY, { runs: { r1: "not_cancellable" } })
        .add(LIST, { statuses: { r1: "paused" } })
        .addJourney("r1", "completed", 3),
    ],
  ])("rejects a cancellation if the run %s", (_name, builder) => {
    expect(builder.check()[0]).toMatch(/^the history of the (cancellation key s|run r1) has no possible order/);
  });

  it("rejects a cancellation that a read sees for one run, but not for another", () => {
    const builder = build()
      .add(START_JOURNEY, { run: "r1" })
      .add(START_JOURNEY, { run: "r2" })
      .add(CANCEL_JOURNEY, { runs: { r1: "cancelled", r2: "cancelled" } }, { lasts: 9 })
      .add(LIST, { statuses: { r1: "cancelled", r2: "paused" } })
      .addJourney("r1", "cancelled", 1)
      .addJourney("r2", "cancelled", 1);
    expect(builder.check()).toEqual([expect.stringContaining("the history of the cancellation key s has no")]);
  });

  it.each([
    ["two runs", "a", "r2"],
    ["a run for another payload", "b", "r1"],
    ["a rejection of the same payload", "a", null],
  ])("rejects an idempotency key with %s", (_name, payload, run) => {
    const builder = build()
      .add(trigger("once", { key: "k", payload: "a" }), { run: "r1" })
      .add(trigger("once", { key: "k", payload }), { run });
    expect(builder.check().join("\n")).toContain("the history of the idempotency key k has no possible order");
  });

  it.each([
    ["lets one more run pass than its limit", [true, true, true]],
    ["stops a run below its limit", [true, false, true]],
  ])("rejects a throttle that %s", (_name, passed) => {
    const builder = build();
    for (const [index, isPassed] of passed.entries()) {
      const id = `r${index}`;
      builder.add(trigger("alert"), { run: id }).addRun({ id, workflow: "alert", passed: isPassed });
      if (isPassed) builder.addMessage({ run: id });
    }
    expect(builder.check()).toEqual([
      expect.stringContaining("the history of the throttle of s has no possible order"),
    ]);
  });

  it("rejects a mark that is lost", () => {
    const builder = build().add({ type: "mark", message: "m0", mark: "read" }, { read: true, archived: false });
    builder.addMessage({ run: "r1" });
    expect(builder.check().join("\n")).toContain("the history of the message m0 has no possible order");
  });

  const digest = (...messages: string[][]): HistoryBuilder => {
    const builder = build();
    for (const id of ["r1", "r2"]) {
      const activity = `c1-${id.slice(1)}-0`;
      builder.add(trigger("digest", { activity }), { run: id }).addRun({ id, workflow: "digest", data: { activity } });
    }
    for (const [index, activities] of messages.entries()) builder.addMessage({ run: `r${index + 1}`, activities });
    return builder;
  };
  const LIST_DIGESTS = { type: "list_digests", subject: "s" } as const;
  const WITHDRAW = { type: "cancel", workflow: "digest", subject: "s", key: "c1-2-0" } as const;
  it.each([
    ["lost", digest(["c1-1-0"]), "the activity c1-2-0 is in no batch"],
    ["in two batches", digest(["c1-1-0", "c1-2-0"], ["c1-2-0"]), "the activity c1-2-0 is in two batches"],
    [
      "withdrawn, but sent",
      digest(["c1-1-0", "c1-2-0"]).add(WITHDRAW, { runs: { r2: "cancelled" } }),
      "the activity c1-2-0 was withdrawn, but is in a batch",
    ],
    [
      "accepted, but not found by a cancellation",
      digest(["c1-1-0", "c1-2-0"]).add(WITHDRAW, { runs: {} }),
      "a cancellation did not find the accepted activity c1-2-0",
    ],
    [
      "in a batch that was different when it closed",
      digest(["c1-1-0", "c1-2-0"]).add(LIST_DIGESTS, { digests: { m0: ["c1-1-0"] } }),
      "the closed batch m0 had c1-1-0, and at the end c1-1-0,c1-2-0",
    ],
  ])("rejects an activity that is %s", (_name, builder, violation) => {
    expect(builder.check()).toContain(violation);
  });

  it("rejects an activity that joins a batch after a client has seen it closed", () => {
    const builder = build()
      .add(LIST_DIGESTS, { digests: { m0: ["c1-1-0"] } })
      .add(trigger("digest", { activity: "c1-1-0" }), { run: "r1" })
      .addRun({ id: "r1", workflow: "digest", data: { activity: "c1-1-0" } })
      .addMessage({ run: "r1", activities: ["c1-1-0"] });
    expect(builder.check()).toEqual(["the activity c1-1-0 joined the batch m0 after it was closed"]);
  });

  const READ = { type: "read_clock" } as const;
  const clock = (end: number): HistoryBuilder => {
    const builder = build();
    builder.final.clock = { start: 0, end };
    return builder;
  };
  const moveTo = (now: number, ran: Results["move_clock"]["ran"] = []) => ({ now, ran });
  it.each([
    [
      "loses a move",
      clock(60_000).add(MOVE, moveTo(60_000)).add(MOVE, moveTo(60_000)),
      "started at 0, but the one before ended at 60000",
    ],
    ["ends elsewhere", clock(60_000).add(MOVE, moveTo(60_000)).add(MOVE, moveTo(120_000)), "but the clock is at 60000"],
    [
      "moves in another order than real time",
      clock(120_000).add(MOVE, moveTo(120_000)).add(MOVE, moveTo(60_000)),
      "to 120000 ended before the one to 60000 began",
    ],
    [
      "goes back",
      clock(60_000).add(MOVE, moveTo(60_000), { lasts: 9 }).add(READ, { now: 30_000 }).add(READ, { now: 20_000 }),
      "the clock was at 20000 after it had been at 30000",
    ],
    [
      "is seen at a time before a move there begins",
      clock(60_000).add(READ, { now: 30_000 }).add(MOVE, moveTo(60_000)),
      "the clock was at 30000 before a move there began",
    ],
    [
      "advances a run that is not due",
      clock(60_000).add(MOVE, moveTo(60_000, [{ run: "r1", at: 90_000 }])),
      "a move to 60000 advanced r1, which is due at 90000",
    ],
  ])("rejects a clock that %s", (_name, builder, violation) => {
    expect(builder.check().join("\n")).toContain(violation);
  });

  it("rejects a message that is earlier than the end of the delay before it", () => {
    const builder = clock(0).add(START_JOURNEY, { run: "r1" }).addJourney("r1", "completed", 3);
    (builder.final.messages[2] as FinalMessage).insertedAt = 60_000;
    expect(builder.check()).toEqual([expect.stringContaining("step feed_3 is earlier than the end of the delay")]);
  });
});
