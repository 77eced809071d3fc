import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RETRY_MS } from "../../../src/engine/context/work-failures.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, T0 } from "../../helpers/case-times.js";
import { formatRuns } from "../../helpers/engine-case.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const PEOPLE = ["ana", "bo", "cy", "dee", "eve", "flo"];
const WORKFLOW = { steps: [step.delay("hours", 1), step.feed("Hello")] };

let harness: EngineHarness;
/** The recipients whose runs cannot be saved, and the error. */
let failing: Set<string>;
let error: Error;
/** Whether the store cannot release claims either, as while it is away. */
let isAway: boolean;

beforeEach(async () => {
  failing = new Set();
  error = new Error("the value is invalid");
  isAway = false;
  harness = await EngineHarness.open({
    overrideStore: (store) => ({
      saveAdvances: async (advances, token, now, options) => {
        const isRefused = advances.some(
          ({ recipientRun: { recipient, status } }) =>
            failing.has(recipient.slice("$users/".length)) && status !== "failed",
        );
        if (isRefused) throw error;
        return store.saveAdvances(advances, token, now, options);
      },
      releaseClaims: async (tokens) => {
        if (isAway) throw error;
        return store.releaseClaims(tokens);
      },
    }),
  });
  await harness.identify(...PEOPLE.map((id) => ({ id })));
  harness.define("late", WORKFLOW);
});
afterEach(() => harness.close());

const readStatuses = async (started: Awaited<ReturnType<EngineHarness["trigger"]>>) =>
  Object.fromEntries(
    ((await harness.readOutcome(started)).recipients ?? []).map(({ recipient, status }) => [recipient, status]),
  );
const runDue = () =>
  harness.engine.runDue({}).then(
    () => null,
    (thrown: Error) => thrown.message,
  );
const wait = (milliseconds: number) => {
  harness.now += milliseconds;
};

describe("a run that cannot be saved", () => {
  it("does not hold up the others, and ends as failed after three attempts", async () => {
    failing.add("cy");
    const started = await harness.trigger("late", { recipients: PEOPLE });
    wait(HOUR);
    expect(await runDue()).toMatch(/^run \S+ of late could not be continued: the value is invalid$/);
    expect(await readStatuses(started)).toEqual({
      ...Object.fromEntries(PEOPLE.map((id) => [id, "completed"])),
      cy: "paused",
    });
    expect(await harness.engine.readTimeUntilDue()).toBe(RETRY_MS);
    wait(RETRY_MS);
    expect(await runDue()).toContain("could not be continued");
    wait(RETRY_MS);
    expect(await runDue()).toBeNull();
    expect(await readStatuses(started)).toMatchObject({ cy: "failed" });
    expect(formatRuns(await harness.readOutcome(started)).cy).toBe("failed: delay_1 failed internal_error");
    expect(await harness.engine.readTimeUntilDue()).toBeNull();
  });

  it("continues at the step that failed when it is retried", async () => {
    failing.add("cy");
    const started = await harness.trigger("late", { recipients: PEOPLE });
    wait(HOUR);
    for (let attempt = 0; attempt < 3; attempt++, wait(RETRY_MS)) await runDue();
    failing.clear();
    const { items } = await harness.engine.listRecipientRuns({ status: "failed" }, { limit: 10 });
    expect(await harness.engine.retryRuns([...items.map(({ id }) => String(id)), "no-such-run"])).toEqual(
      items.map(({ id }) => id),
    );
    expect(await readStatuses(started)).toEqual(Object.fromEntries(PEOPLE.map((id) => [id, "completed"])));
    expect(formatRuns(await harness.readOutcome(started)).cy).toBe("completed: delay_1 passed, in_app_feed_1 sent");
    expect(await harness.engine.retryRuns(items.map(({ id }) => String(id)))).toEqual([]);
  });

  it("can be canceled while it is failed", async () => {
    failing.add("cy");
    const started = await harness.trigger("late", { recipients: PEOPLE, cancellation_key: "key" });
    wait(HOUR);
    for (let attempt = 0; attempt < 3; attempt++, wait(RETRY_MS)) await runDue();
    await harness.cancel("late", "key", ["cy"]);
    expect(await readStatuses(started)).toMatchObject({ cy: "cancelled" });
  });

  it("is not failed while many runs fail with the same error", async () => {
    for (const id of ["ana", "bo", "cy", "dee"]) failing.add(id);
    const started = await harness.trigger("late", { recipients: PEOPLE });
    wait(HOUR);
    for (let attempt = 0; attempt < 6; attempt++, wait(RETRY_MS)) expect(await runDue()).toContain("invalid");
    failing.clear();
    expect(await runDue()).toBeNull();
    expect(await readStatuses(started)).toEqual(Object.fromEntries(PEOPLE.map((id) => [id, "completed"])));
  });

  it("is not failed while no other run can be saved", async () => {
    failing.add("cy");
    const started = await harness.trigger("late", { recipients: ["cy"] });
    wait(HOUR);
    for (let attempt = 0; attempt < 6; attempt++, wait(RETRY_MS)) expect(await runDue()).toContain("invalid");
    failing.clear();
    expect(await runDue()).toBeNull();
    expect(await readStatuses(started)).toEqual({ cy: "completed" });
  });
});

describe("an error of the store", () => {
  it.each([false, true])("fails no run, and the work continues when the error is over (away: %s)", async (away) => {
    for (const id of PEOPLE) failing.add(id);
    harness.store.isTransient = () => true;
    isAway = away;
    error = new Error("the disk is full");
    const started = await harness.trigger("late", { recipients: PEOPLE });
    wait(HOUR);
    for (let attempt = 0; attempt < 6; attempt++) expect(await runDue()).toBe("the disk is full");
    failing.clear();
    isAway = false;
    expect(await runDue()).toBeNull();
    expect(await readStatuses(started)).toEqual(Object.fromEntries(PEOPLE.map((id) => [id, "completed"])));
    expect(harness.now).toBe(T0 + HOUR);
  });
});
