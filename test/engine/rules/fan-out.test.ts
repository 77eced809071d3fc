import { expect } from "vitest";
import { type RecipientReference, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { describeEngineCases, type EngineCase, formatRun, getRecipientOutcome } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

const P1 = { collection: "projects", id: "p1" };
const T1 = { collection: "teams", id: "t1" };
const O1 = { collection: "orgs", id: "o1" };

type Edge = [object: RecipientReference, recipient: RecipientReference, properties?: JsonObject];

/** Adds subscriptions in this order. */
function subscribed(...edges: Edge[]): (h: EngineHarness) => Promise<unknown> {
  return (h) =>
    h.store.upsertSubscriptions(
      edges.map(([object, recipient, properties = {}]) => ({
        object: toRecipientKey(object),
        recipient: toRecipientKey(recipient),
        properties,
      })),
      h.now,
    );
}

const LEVEL = "{{ recipient.subscription.level }} of {{ recipient.subscription.object.name }}";
const projectOfThree = subscribed([P1, "ana"], [P1, "bo"], [P1, "eli"]);
const fed = "completed: in_app_feed_1 sent";
const mailed = "completed: email_1 sent";

const cases: EngineCase[] = [
  {
    title: "C-042 E-066 the subscriptions filter returns up to 25",
    given: (h) =>
      subscribed(
        ...Array.from({ length: 30 }, (_, index): [{ id: string; collection: string }, string] => [
          { collection: "projects", id: `many-${index}` },
          "ana",
        ]),
      )(h),
    workflow: [step.email("S", "{{ recipient.id | subscriptions | size }}")],
    messages: ["ana mail sent: 25"],
  },
  {
    title: "C-033 E-055 E-060 E-176 E-205 an object and its subscribers are notified, except for the actor",
    given: projectOfThree,
    workflow: [step.feed()],
    payload: { recipients: [P1], actor: "eli" },
    runs: { "projects/p1": fed, ana: fed, bo: fed },
    messages: ["projects/p1", "ana", "bo"].map((name) => `${name} feed delivered: <p>F</p>`),
    check(_h, outcome) {
      expect(outcome.recipients?.map(({ via }) => via)).toEqual([undefined, P1, P1]);
    },
  },
  {
    title: "C-034 E-058 E-059 a listed subscriber has one run, without the subscription",
    given: projectOfThree,
    workflow: [step.email("S", LEVEL)],
    payload: { recipients: [P1, "ana", "ana"] },
    runs: { "projects/p1": "completed: email_1 skipped missing_recipient_data", ana: mailed, bo: mailed, eli: mailed },
    messages: ["ana mail sent:  of ", "bo mail sent:  of Kestrel", "eli mail sent:  of Kestrel"],
    check(_h, outcome) {
      expect(outcome.recipients).toHaveLength(4);
      expect(getRecipientOutcome(outcome, "ana").via).toBeUndefined();
    },
  },
  {
    title: "E-059 the first listing of a recipient is used, with its own data",
    given: subscribed([P1, "ana", { level: "gold" }], [P1, "bo", { level: "gold" }]),
    workflow: [step.webhook("https://x.test/{{ data.n }}/{{ recipient.subscription.level }}")],
    payload: {
      recipients: [P1, { id: "ana", $trigger_data: { n: "first" } }, { id: "ana", $trigger_data: { n: "second" } }],
      data: { n: "all" },
    },
    messages: [
      "projects/p1 hook delivered: https://x.test/all/",
      "ana hook delivered: https://x.test/first/",
      "bo hook delivered: https://x.test/all/gold",
    ],
  },
  {
    title: "E-046 the actor is on the run and its messages, and is left out of the subscribers",
    given: subscribed([P1, "bo"], [P1, "ana"]),
    workflow: [step.feed("{{ actor.id }}")],
    payload: { recipients: [P1], actor: "bo" },
    messages: ["projects/p1 feed delivered: <p>bo</p>", "ana feed delivered: <p>bo</p>"],
    async check(h, outcome) {
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      expect(run?.actor).toBe("bo");
      expect((await h.listMessages("ana")).map(({ actor }) => actor)).toEqual(["$users/bo"]);
    },
  },
  {
    title: "C-035 E-060 EQ-12 a listed actor has a run",
    given: projectOfThree,
    workflow: [step.feed()],
    payload: { recipients: [P1, "eli"], actor: "eli" },
    runs: { "projects/p1": fed, eli: fed, ana: fed, bo: fed },
  },
  {
    title: "C-036 E-056 E-058 each subscriber of two levels has one run",
    given: subscribed([O1, T1], [O1, "ana"], [T1, "ana"], [T1, "bo"]),
    workflow: [step.feed()],
    payload: { recipients: [O1] },
    runs: { "orgs/o1": fed, "teams/t1": fed, ana: fed, bo: fed },
    check(_h, outcome) {
      expect(getRecipientOutcome(outcome, "ana").via).toEqual(O1); // the nearer object (EQ-11)
      expect(getRecipientOutcome(outcome, "bo").via).toEqual(T1);
    },
  },
  {
    title: "C-037 E-057 a third level of subscribers is not notified",
    given: subscribed([O1, T1], [T1, P1], [P1, "cy"]),
    workflow: [step.feed()],
    payload: { recipients: [O1] },
    runs: { "orgs/o1": fed, "teams/t1": fed, "projects/p1": fed },
  },
  {
    title: "E-056 E-057 a listed object is a first level, even if it is also a subscriber",
    given: subscribed([O1, T1], [T1, P1], [P1, "cy"]),
    workflow: [step.feed()],
    payload: { recipients: [O1, P1] },
    runs: { "orgs/o1": fed, "projects/p1": fed, "teams/t1": fed, cy: fed },
  },
  {
    title: "E-056 E-058 objects that subscribe to each other have one run each",
    given: subscribed([O1, T1], [T1, O1], [T1, "ana"]),
    workflow: [step.feed()],
    payload: { recipients: [O1] },
    runs: { "orgs/o1": fed, "teams/t1": fed, ana: fed },
  },
  {
    title: "C-038 E-061 E-062 the scope has the subscription's properties and object",
    given: subscribed([P1, "bo", { level: "gold" }]),
    workflow: [step.email("S", LEVEL)],
    payload: { recipients: [P1] },
    messages: ["bo mail sent: gold of Kestrel"],
  },
  {
    title: "E-062 the object of a subscription is the one with the direct subscription",
    given: subscribed([O1, T1], [T1, "ana"]),
    workflow: [step.webhook("https://x.test/{{ recipient.subscription.object.id }}")],
    payload: { recipients: [O1] },
    messages: ["https://x.test/", "https://x.test/o1", "https://x.test/t1"].map(
      (url, index) => `${["orgs/o1", "teams/t1", "ana"][index]} hook delivered: ${url}`,
    ),
  },
  {
    title: "C-039 E-061 a recipient without a subscription has none in scope",
    given: subscribed([P1, "bo", { level: "gold" }]),
    workflow: [step.email("S", LEVEL)],
    payload: { recipients: ["bo"] },
    messages: ["bo mail sent:  of "],
  },
  {
    title: "C-040 E-058 EQ-11 the subscription of the first listed object is used",
    given: subscribed([P1, "bo", { level: "a" }], [T1, "bo", { level: "b" }]),
    workflow: [step.email("S", "{{ recipient.subscription.level }}")],
    payload: { recipients: [T1, P1] },
    messages: ["bo mail sent: b"],
    check(_h, outcome) {
      expect(outcome.recipients).toHaveLength(3);
      expect(getRecipientOutcome(outcome, "bo").via).toEqual(T1);
    },
  },
  {
    title: "C-041 E-065 E-067 2,500 subscribers have one run each",
    async given(h) {
      const ids = Array.from({ length: 2_500 }, (_, index) => `s${index}`);
      await h.identify(...ids.map((id) => ({ id })));
      await subscribed(...ids.map((id): Edge => [P1, id]))(h);
    },
    workflow: [step.feed()],
    payload: { recipients: [P1] },
    check(_h, outcome) {
      expect(outcome.recipients).toHaveLength(2_501);
      expect(new Set(outcome.recipients?.map((one) => one.recipient_run_id)).size).toBe(2_501);
      expect(new Set(outcome.recipients?.map(formatRun))).toEqual(new Set([fed]));
      expect(outcome.summary).toMatchObject({ recipients: 2_501, sent: 2_501 });
    },
  },
];

describeEngineCases("C. Fan-out", cases);
