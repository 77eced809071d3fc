import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { buildRunEvents } from "../../../src/domain/run/occurred-event.js";
import { getDueAfterSignal, isAwaited, isStillWaiting, type RunWait } from "../../../src/domain/run/run-wait.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { sampleTrigger } from "../../contract/store/sample-runs.js";

const WAIT: RunWait = { awaited: "paid", recipient: toRecipientKey("ada"), from: 1_000, until: 2_000, seen: null };
const EVENT = { name: "paid", recipient: toRecipientKey("ada"), at: 1_500 };

describe("isAwaited", () => {
  it.each([
    [999, false],
    [1_000, true],
    [2_000, true],
    [2_001, false],
  ])("E-344 returns for an event at %d, with a wait from 1000 until 2000: %s", (at, awaited) => {
    expect(isAwaited(WAIT, { ...EVENT, at })).toBe(awaited);
  });

  it("E-339 accepts events of the wait's own recipient", () => {
    expect(isAwaited(WAIT, { ...EVENT, recipient: toRecipientKey("bob") })).toBe(false);
    expect(isAwaited(WAIT, { ...EVENT, recipient: null })).toBe(false);
  });

  it("EQ-57 accepts events of every recipient for a wait without one", () => {
    for (const recipient of [toRecipientKey("bob"), null])
      expect(isAwaited({ ...WAIT, recipient: null }, { ...EVENT, recipient })).toBe(true);
  });

  it("E-335 accepts events of the awaited type", () => {
    expect(isAwaited(WAIT, { ...EVENT, name: "refunded" })).toBe(false);
  });
});

describe("a wait", () => {
  it("E-335 is due as soon as an event has arrived, and never later than before", () => {
    expect([getDueAfterSignal(2_000, 1_500), getDueAfterSignal(1_000, 1_500), getDueAfterSignal(null, 1_500)]).toEqual([
      1_500,
      1_000,
      null,
    ]);
  });

  it("E-340 continues after an event that did not end it", () => {
    expect(isStillWaiting({ ...WAIT, seen: 7 })).toBe(true);
    expect([WAIT, null, undefined].map(isStillWaiting)).toEqual([false, false, false]);
  });
});

describe("buildRunEvents", () => {
  const { run, recipientRuns } = sampleTrigger({ recipients: ["ada"], message: null });
  const recipientRun = recipientRuns[0] as RecipientRun;
  const kinds = (status: RecipientRun["status"], started: boolean): unknown[] =>
    buildRunEvents(run, { ...recipientRun, status }, { started }).map(({ name }) => JSON.parse(name).at(-1));

  it("E-342 returns the events of a start and of an end", () => {
    expect(kinds("paused", true)).toEqual(["started"]);
    expect(kinds("completed", true)).toEqual(["started", "completed"]);
    expect(kinds("completed", false)).toEqual(["completed"]);
    expect(kinds("cancelled", false)).toEqual([]);
  });
});
