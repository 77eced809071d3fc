import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { describeCases, type EngineCase, messageInWords, runsInWords, withHarness } from "../../helpers/engine-case.js";
import { type EngineHarness, HOUR, MINUTE, step } from "../../helpers/engine-harness.js";
import { withApi } from "../../helpers/open-emulator.js";

const muted: JsonObject = {
  workflows: {
    digest: { conditions: [{ variable: "recipient.muted", operator: "not_contains", argument: "data.item" }] },
  },
};
const batch = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } };

async function gather(h: EngineHarness, ...items: string[]): Promise<string[]> {
  await h.identify({ id: "bo", muted: ["i1"], preferences: { default: muted } } as JsonObject);
  h.define("digest", { steps: [batch, step.email("S", "{{ total_activities }}")] });
  for (const item of items) await h.trigger("digest", { recipients: ["bo"], data: { item } });
  await h.at(5 * MINUTE);
  return (await h.messages()).map(messageInWords);
}

const cases: EngineCase[] = [
  {
    title: "C-161 E-218: a message has the trigger's data with what a fetch put over it",
    given: (h) => {
      h.respond = () => ({ status: 200, text: '{"x":2}' });
    },
    workflow: [
      { ref: "http_fetch_1", type: "http_fetch", settings: { method: "get", url: "https://lark.test/p" } },
      step.email(),
    ],
    payload: { data: { x: 1, y: 3 } },
    check: async (h) => expect((await h.messages())[0]?.data).toEqual({ x: 2, y: 3 }),
  },
  {
    title: "C-159 E-182: a push's payload overrides are the template's alone, where it has some",
    given(h) {
      const ios = h.environment.channels.ios as { settings: JsonObject };
      ios.settings = { payload_overrides: '{"badge":1}' };
      return h.identify({ id: "bo", channel_data: { "c-ios": { tokens: ["t1"] } } });
    },
    workflow: [
      {
        ...step.push(),
        template: {
          title: "T",
          text_body: "P",
          settings: { delivery_type: "content", payload_overrides: '{"sound":"x"}' },
        },
      },
    ],
    payload: { recipients: ["bo"] },
    check: async (h) => expect((await h.messages())[0]?.content.payload_overrides).toEqual({ sound: "x" }),
  },
];

describeCases("cases that several sections share", cases);

describe("G. Preferences over time", () => {
  it("C-125 E-155: the first activity of a batch is muted: the recipient is opted out of all of it", () =>
    withHarness(async (h) => expect(await gather(h, "i1", "i2")).toEqual([])));

  it("C-126 E-155: the first is not, and both are told of", () =>
    withHarness(async (h) => expect(await gather(h, "i2", "i1")).toEqual(["bo mail sent: 2"])));

  it("C-138 E-138: a set that is put replaces the old one whole", () =>
    withHarness(async (h) => {
      const { preferences } = h.engine.resources;
      await preferences.set("ana", "default", { channel_types: { email: false } });
      await preferences.set("ana", "default", { workflows: { digest: false } });
      h.define("other", { steps: [step.email()] });
      h.define("digest", { steps: [step.email()] });
      await h.trigger("other", { recipients: ["ana"] });
      await h.trigger("digest", { recipients: ["ana"] });
      expect((await h.messages()).map(({ workflow }) => workflow)).toEqual(["other"]);
    }));
});

describe("T. Cancellation", () => {
  it("C-319 E-353: one of an object's subscribers; the object and the others go on", () =>
    withHarness(async (h) => {
      const project = { collection: "projects", id: "p1" };
      await h.engine.resources.subscriptions.add(project, { recipients: ["ana", "bo"] });
      h.define("digest", { steps: [step.delay("hours", 1), step.email()] });
      const started = await h.trigger("digest", { recipients: [project], cancellation_key: "ck" });
      await h.cancel("digest", "ck", ["ana"]);
      await h.at(HOUR);
      expect(runsInWords(await h.outcome(started))).toEqual({
        "projects/p1": "completed: delay_1 passed, email_1 skipped missing_recipient_data",
        ana: "cancelled: delay_1 cancelled cancelled",
        bo: "completed: delay_1 passed, email_1 sent",
      });
    }));
});

describe("V. Idempotency", () => {
  it("C-347 E-382: a key on a cancellation is ignored", () =>
    withApi(async ({ ask, harness }) => {
      harness.define("slow", { steps: [step.delay("hours", 1), step.email()] });
      const body = { recipients: ["ana"], cancellation_key: "ck" };
      const key = { "idempotency-key": "k" };
      for (let times = 0; times < 2; times++) {
        await ask("POST /v1/workflows/slow/trigger", body);
        const answer = await ask("POST /v1/workflows/slow/cancel", { cancellation_key: "ck" }, key);
        expect([answer.status, answer.headers.get("idempotent-replayed")]).toEqual([204, null]);
      }
      const { items } = await harness.engine.listRecipientRuns({ workflow: "slow" }, { limit: 10 });
      expect(items.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    }));
});
