import { afterEach, beforeEach, expect, it } from "vitest";
import { RETRY_MS } from "../../../src/engine/context/work-failures.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR } from "../../helpers/case-times.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const MINUTE = 60_000;
const PEOPLE = ["ana", "bo", "cy", "dee", "eve", "flo", "gil", "hal"];

let harness: EngineHarness;
let warnings: string[];
/** The recipients whose work cannot be saved, unless it is saved as failed. */
let failing: ReadonlySet<string>;

const isFailing = (recipient: string) => failing.has(recipient.replace("$users/", ""));
function check(runs: readonly { recipient: string; status: string }[]): void {
  if (runs.some(({ recipient, status }) => isFailing(recipient) && status !== "failed"))
    throw new Error("the value is invalid");
}

beforeEach(async () => {
  failing = new Set();
  warnings = [];
  harness = await EngineHarness.open({
    warn: (text) => warnings.push(text),
    overrideStore: (store) => ({
      async saveMessages(messages, ...rest) {
        if (messages.some(({ recipient, status }) => isFailing(recipient) && status === "sent"))
          throw new Error("the value is invalid");
        return store.saveMessages(messages, ...rest);
      },
      async saveOccurrences(occurrences, token) {
        check(occurrences.flatMap(({ run }) => run?.recipientRuns ?? []));
        return store.saveOccurrences(occurrences, token);
      },
      async insertFanOutChunk(chunk, ...rest) {
        check(chunk.recipientRuns);
        return store.insertFanOutChunk(chunk, ...rest);
      },
      async saveUserChanges(changes, ...rest) {
        check(changes.runs.flatMap(({ recipientRuns }) => recipientRuns));
        return store.saveUserChanges(changes, ...rest);
      },
    }),
  });
  await harness.identify(...PEOPLE.map((id) => ({ id, email: `${id}@lark.test` })));
});
afterEach(() => harness.close());

/** Runs due work after a time. Its errors are those of runs that are tried again. */
async function runDueAfter(milliseconds: number): Promise<void> {
  harness.now += milliseconds;
  await harness.engine.runDue({});
}
const readRuns = async () => {
  const { items } = await harness.store.listRecipientRuns({}, { limit: 100 });
  return Object.fromEntries(
    items.map(({ recipientRun: { recipient, status } }) => [recipient.replace("$users/", ""), status]),
  );
};
const readMessages = async () => {
  const { items } = await harness.engine.listMessages({}, { limit: 100 });
  return Object.fromEntries(items.map(({ recipient, status }) => [String(recipient), status]));
};
const all = (status: string) => Object.fromEntries(PEOPLE.map((id) => [id, status]));

it("a message whose delivery cannot be saved does not hold up its channel, and ends as undelivered", async () => {
  failing = new Set(["cy"]);
  harness.define("digest", { steps: [step.email()] });
  await harness.trigger("digest", { recipients: PEOPLE });
  expect(await readMessages()).toEqual({ ...all("sent"), cy: "queued" });
  expect(await harness.engine.readTimeUntilDue()).toBe(RETRY_MS);
  await runDueAfter(RETRY_MS);
  expect(await readMessages()).toMatchObject({ cy: "queued" });
  await runDueAfter(RETRY_MS);
  expect(await readMessages()).toEqual({ ...all("sent"), cy: "undelivered" });
  expect(harness.deliveredMessages).toHaveLength(PEOPLE.length + 2);
  expect(warnings).toEqual(
    Array(3).fill(expect.stringMatching(/^the delivery of message \w+ could not be saved: the value is invalid$/)),
  );
});

it("no message ends as undelivered while the deliveries of many cannot be saved", async () => {
  failing = new Set(["ana", "bo", "cy", "dee"]);
  harness.define("digest", { steps: [step.email()] });
  await expect(harness.trigger("digest", { recipients: PEOPLE })).rejects.toThrow("the value is invalid");
  for (let attempt = 0; attempt < 6; attempt++) await expect(runDueAfter(RETRY_MS)).rejects.toThrow("is invalid");
  failing = new Set();
  await runDueAfter(RETRY_MS);
  expect(await readMessages()).toEqual(all("sent"));
});

it("a schedule that cannot start does not hold up the others, and its run ends as failed", async () => {
  harness.define("digest", { steps: [step.feed()] });
  await harness.engine.resources.schedules.create({
    workflow: "digest",
    recipients: PEOPLE,
    scheduled_at: new Date(harness.now + HOUR).toISOString(),
  });
  failing = new Set(["cy"]);
  await runDueAfter(HOUR);
  const { cy: _none, ...others } = all("completed");
  expect(await readRuns()).toEqual(others);
  await runDueAfter(MINUTE);
  expect(await readRuns()).toEqual(others);
  await runDueAfter(MINUTE);
  expect(await readRuns()).toEqual({ ...others, cy: "failed" });
  expect(await harness.engine.readTimeUntilDue()).toBeNull();
});

it.each<[string, () => Promise<void>]>([
  [
    "recipient of another workflow's step",
    async () => {
      harness.define("digest", { steps: [step.feed()] });
      const settings = { workflow_key: "digest", recipients: "{{ data.people | json }}" };
      harness.define("outer", { steps: [{ ref: "trigger_1", type: "trigger_workflow", settings }] });
      await harness.identify({ id: "zoe" });
      await harness.trigger("outer", { recipients: ["zoe"], data: { people: PEOPLE } });
    },
  ],
  [
    "member of an audience",
    async () => {
      harness.define("digest", {
        trigger: { type: "audience", audience_key: "beta" },
        steps: [step.feed()],
      });
      for (const id of PEOPLE)
        await harness.engine.resources.audiences.add("beta", { members: [{ user: id }] }, { create_audience: true });
    },
  ],
])("a %s for whom no run can start does not hold up the others, and its run ends as failed", async (_who, start) => {
  failing = new Set(["cy"]);
  await start();
  for (let attempt = 0; attempt < 3; attempt++) await runDueAfter(MINUTE);
  expect(await readRuns()).toMatchObject({ ...all("completed"), cy: "failed" });
  expect(warnings).toHaveLength(2);
});
