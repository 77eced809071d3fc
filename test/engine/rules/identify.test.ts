import { describe, expect, it } from "vitest";
import { getErrorMessage } from "../../../src/errors/knock-error.js";
import { step } from "../../helpers/build-steps.js";
import { T0 } from "../../helpers/case-times.js";
import { describeEngineCases, type EngineCase, withHarness } from "../../helpers/engine-case.js";

const email = [step.email()];

const cases: EngineCase[] = [
  {
    title: "C-018 E-035 an inline user is identified before the run",
    workflow: email,
    payload: { recipients: [{ id: "gil", email: "gil@lark.test" }] },
    runs: { gil: "completed: email_1 sent" },
    messages: ["gil mail sent: B"],
    async check(h) {
      expect(await h.recipient("gil")).toMatchObject({ properties: { email: "gil@lark.test" }, inserted_at: T0 });
      expect((await h.listMessages())[0]?.content.to).toBe("gil@lark.test");
    },
  },
  {
    title: "C-019 E-036 E-173 an object with only an ID identifies a user, and email is skipped without an address",
    workflow: email,
    payload: { recipients: [{ id: "hal" }] },
    runs: { hal: "completed: email_1 skipped missing_recipient_data" },
    messages: [],
    async check(h) {
      expect((await h.recipient("hal"))?.properties).toEqual({});
    },
  },
  {
    title: "C-020 E-043 an unidentified recipient has no run, and the other recipients have one",
    workflow: email,
    payload: { recipients: ["ghost", "bo"] },
    runs: { bo: "completed: email_1 sent", ghost: "no run recipient_not_found: no steps" },
    messages: ["bo mail sent: B"],
    async check(h, outcome) {
      expect(outcome.summary).toMatchObject({ recipients: 2, sent: 1, failed: 1 });
      expect((await h.engine.listRecipientRuns({}, { limit: 10 })).items).toHaveLength(1);
      expect(await h.recipient("ghost")).toBeUndefined();
    },
  },
  {
    title: "C-021 E-038 inline properties are merged deeply, and null overwrites",
    given: (h) => h.identify({ id: "ana", team: { name: "North", size: 4 } }),
    workflow: [step.email("S", "{{ recipient.team.name }}-{{ recipient.team.size }}-{{ recipient.plan }}")],
    payload: { recipients: [{ id: "ana", team: { name: "South" }, plan: null }] },
    messages: ["ana mail sent: South-4-"],
    async check(h) {
      const properties = (await h.recipient("ana"))?.properties;
      expect(properties).toMatchObject({ team: { name: "South", size: 4 }, plan: null, email: "ana@lark.test" });
    },
  },
  {
    title: "C-022 E-041 inline preferences are merged deeply before the run",
    given: (h) =>
      h.identify({
        id: "bo",
        phone_number: "+15550000002",
        preferences: { default: { categories: { x: { channel_types: { email: true, sms: true } } } } },
      }),
    workflow: { categories: ["x"], steps: [step.email(), step.sms()] },
    payload: {
      recipients: [{ id: "bo", preferences: { default: { categories: { x: { channel_types: { email: false } } } } } }],
    },
    runs: { bo: "completed: email_1 skipped preference (categories.x.channel_types.email = false), sms_1 sent" },
    async check(h) {
      expect((await h.recipient("bo"))?.preferences).toEqual({
        default: { categories: { x: { channel_types: { email: false, sms: true } } } },
      });
    },
  },
  {
    title: "C-023 E-042 $trigger_data is merged shallowly over data for its recipient only, and is not stored",
    workflow: [step.email("S", "{{ data.city }}-{{ data.role }}-{{ data.o.k }}")],
    payload: {
      recipients: [{ id: "ana", $trigger_data: { role: "lead", o: { z: 2 } } }, "bo"],
      data: { city: "Oslo", role: "?", o: { k: 1 } },
    },
    messages: ["ana mail sent: Oslo-lead-", "bo mail sent: Oslo-?-1"],
    async check(h) {
      const properties = (await h.recipient("ana"))?.properties ?? {};
      expect(Object.keys(properties)).not.toContain("$trigger_data");
      expect(properties).not.toHaveProperty("role");
      expect((await h.listMessages()).map(({ data }) => data)).toEqual([
        { city: "Oslo", role: "lead", o: { z: 2 } },
        { city: "Oslo", role: "?", o: { k: 1 } },
      ]);
    },
  },
  {
    title: "C-024 E-040 E-181 E-207 inline channel data is stored, and each token receives a message that stays sent",
    workflow: [step.push()],
    payload: { recipients: [{ id: "bo", channel_data: { "c-ios": { tokens: ["tok1", "tok2"] } } }] },
    runs: { bo: "completed: push_1 sent" },
    messages: ["bo ios sent: P", "bo ios sent: P"],
    async check(h, outcome) {
      expect((await h.recipient("bo"))?.channel_data).toEqual({ "c-ios": { tokens: ["tok1", "tok2"] } });
      expect(h.deliveredMessages.map(({ content }) => content.token)).toEqual(["tok1", "tok2"]);
      expect(outcome.summary).toMatchObject({ recipients: 1, messages: 2, sent: 1 });
      expect(outcome.recipients?.[0]?.steps[0]?.message_ids).toEqual((await h.listMessages()).map(({ id }) => id));
    },
  },
  {
    title: "C-026 E-043 E-037 a reference to an unidentified object has no run",
    workflow: email,
    payload: { recipients: [{ collection: "boats", id: "b9" }] },
    runs: { "boats/b9": "no run recipient_not_found: no steps" },
    async check(h) {
      expect((await h.engine.listRecipientRuns({}, { limit: 10 })).items).toEqual([]);
      expect(await h.recipient({ collection: "boats", id: "b9" })).toBeUndefined();
    },
  },
  {
    title: "C-027 E-037 an object with a property is identified inline",
    workflow: [step.feed("{{ recipient.name }} {{ recipient.collection }}")],
    payload: { recipients: [{ collection: "boats", id: "b9", name: "Gull" }] },
    runs: { "boats/b9": "completed: in_app_feed_1 sent" },
    messages: ["boats/b9 feed delivered: <p>Gull boats</p>"],
    async check(h) {
      expect((await h.recipient({ collection: "boats", id: "b9" }))?.properties).toEqual({ name: "Gull" });
    },
  },
  {
    title: "C-028 E-047 E-049 an unknown tenant is created empty and is on the message",
    workflow: [step.email("S", "{{ tenant.id }}")],
    payload: { tenant: "newco" },
    messages: ["ana mail sent: newco"],
    async check(h) {
      expect((await h.recipient({ collection: "$tenants", id: "newco" }))?.properties).toEqual({});
      expect((await h.listMessages())[0]?.tenant).toBe("newco");
    },
  },
  {
    title: "C-029 E-045 a run with an actor has it in scope",
    workflow: [step.email("S", "by {{ actor.name }}")],
    payload: { actor: "eli" },
    messages: ["ana mail sent: by Eli"],
    async check(h) {
      expect((await h.listMessages())[0]?.actor).toBe("$users/eli");
    },
  },
  {
    title: "C-029 E-045 a run without an actor has none in scope",
    workflow: [step.email("S", "by {{ actor.name }}")],
    messages: ["ana mail sent: by "],
    async check(h) {
      expect((await h.listMessages())[0]?.actor).toBeNull();
    },
  },
  {
    title: "C-031 E-047 E-076 an inline tenant is upserted",
    workflow: [step.email("S", "{{ tenant.name }}")],
    payload: { tenant: { id: "acme", name: "Acme" } },
    messages: ["ana mail sent: Acme"],
    async check(h) {
      expect((await h.recipient({ collection: "$tenants", id: "acme" }))?.properties).toEqual({ name: "Acme" });
    },
  },
  {
    title: "C-032 E-048 E-174 a tenant may be a recipient",
    given: (h) => h.identify({ collection: "$tenants", id: "acme", name: "Acme" }),
    workflow: [step.sms()],
    payload: { recipients: [{ collection: "$tenants", id: "acme" }] },
    runs: { "$tenants/acme": "completed: sms_1 skipped missing_recipient_data" },
    messages: [],
  },
];

describeEngineCases("B. Inline identify, actor, tenant", cases);

describeEngineCases("C. Subscriptions", [
  {
    title: "C-039 E-061 a listed recipient has no subscription",
    workflow: [step.email("S", "{{ recipient.subscription.level }} of {{ recipient.subscription.object.name }}")],
    payload: { recipients: ["bo"] },
    messages: ["bo mail sent:  of "],
  },
]);

describe("B. Inline identify, actor, tenant: rejected", () => {
  it("C-025 E-044 an unidentified actor is rejected, and nothing is stored", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: email });
      const trigger = h.trigger("digest", { recipients: [{ id: "new" }], actor: "nobody" });
      await expect(trigger).rejects.toMatchObject({ code: "actor_missing", details: [{ pointer: "/actor" }] });
      expect((await h.engine.listRecipientRuns({}, { limit: 10 })).items).toEqual([]);
      expect(await h.recipient("new")).toBeUndefined();
    }));

  it.each([
    ["a slash in an ID", "a/b", 'must not contain "/"'],
    ["an ID of 257 characters", "x".repeat(257), "at most 256"],
  ])("C-030 E-051 %s is rejected", (_what, id, words) =>
    withHarness(async (h) => {
      h.define("digest", { steps: email });
      for (const recipient of [id, { id, email: "x@lark.test" }]) {
        const trigger = async () => h.trigger("digest", { recipients: ["ana", recipient] });
        const error = await trigger().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: "invalid_params" });
        expect(getErrorMessage(error)).toContain(words);
      }
      expect(await h.listMessages()).toEqual([]);
    }),
  );
});
