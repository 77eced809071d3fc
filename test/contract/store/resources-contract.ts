import { describe, expect, it } from "vitest";
import { type RecipientKey, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { PageRequest } from "../../../src/ports/page-request.js";
import type { UserFilter } from "../../../src/ports/recipient-store.js";
import { readRuns } from "./read-runs.js";
import { insertSample, NOW, sampleRecipientRun, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const project = (id: string): RecipientKey => toRecipientKey({ collection: "projects", id });
const tenant = (id: string): RecipientKey => toRecipientKey({ collection: "$tenants", id });

export function describeResources(open: OpenStore): void {
  const identify = (...keys: RecipientKey[]) =>
    open.store.upsertRecipients(
      keys.map((key) => ({ key, properties: { name: `The ${key}` } })),
      NOW,
    );
  const read = async (key: RecipientKey) => (await open.store.readRecipients([key])).get(key);

  describe("recipient lists", () => {
    it("contain one collection, newest first", async () => {
      await identify(
        user("a"),
        project("p1"),
        user("b"),
        toRecipientKey({ collection: "projects0", id: "x" }),
        project("p2"),
      );
      await identify(toRecipientKey({ collection: "project", id: "y" }));
      const { items } = await open.store.listRecipients({ collection: "projects" }, { limit: 50 });
      expect(items).toEqual([await read(project("p2")), await read(project("p1"))]);
      expect(await open.store.listRecipients({ collection: "none" }, { limit: 50 })).toEqual({
        items: [],
        page_info: { after: null, before: null, page_size: 50 },
      });
    });

    it("A-070 to A-073 have stable pages while recipients change and are added", async () => {
      await identify(user("a"), user("b"), user("c"));
      const first = await open.store.listRecipients({ collection: "$users" }, { limit: 2 });
      expect(first.items.map(({ key }) => key)).toEqual([user("c"), user("b")]);
      await identify(user("d"), user("a"));
      const second = await open.store.listRecipients(
        { collection: "$users" },
        { limit: 2, after: first.page_info.after! },
      );
      expect(second.items.map(({ key }) => key)).toEqual([user("a")]);
      expect(second.page_info.after).toBeNull();
    });

    it("find users by a part of the email address or the name, in either case", async () => {
      const people = {
        ada: { email: "ada@example.com", name: 'Ada "the first" King' },
        zoe: { email: "Zoe.Ada@Example.com", name: "Zoë Ångström", nickname: "ada" },
        num: { email: 42, name: ["Ada"] },
        bare: {},
      };
      const upserts = Object.entries(people).map(([id, properties]) => ({ key: user(id), properties }));
      await open.store.upsertRecipients([...upserts, { key: tenant("ada"), properties: people.ada }], NOW);
      const find = async (parts: UserFilter, page: PageRequest = { limit: 9 }) =>
        (await open.store.listRecipients({ collection: "$users", parts }, page)).items.map(({ key }) => key);
      expect(await find({ email: "ADA@" })).toEqual([user("zoe"), user("ada")]);
      expect(await find({ email: "zoe" })).toEqual([user("zoe")]);
      expect(await find({ name: 'ada "THE' })).toEqual([user("ada")]);
      expect(await find({ name: "zoË å" })).toEqual([user("zoe")]);
      expect(await find({ email: "ada", name: "king" })).toEqual([user("ada")]);
      for (const name of ["%", "_", "king\0", "\\"]) expect(await find({ name }), name).toEqual([]);
      expect(await find({})).toHaveLength(4);
      const { page_info } = await open.store.listRecipients(
        { collection: "$users", parts: { email: "example" } },
        { limit: 1 },
      );
      expect(await find({ email: "example" }, { limit: 1, after: page_info.after! })).toEqual([user("ada")]);
    });

    it("A-272 filter by ID and by name", async () => {
      await identify(tenant("acme"), tenant("globex"));
      await open.store.upsertRecipients([{ key: tenant("globex"), properties: { name: "Acme" } }], NOW);
      const keys = async (filter: { id?: string; name?: string }) =>
        (await open.store.listRecipients({ collection: "$tenants", ...filter }, { limit: 9 })).items.map(
          ({ key }) => key,
        );
      expect(await keys({ id: "acme" })).toEqual([tenant("acme")]);
      expect(await keys({ name: "Acme" })).toEqual([tenant("globex")]);
      expect(await keys({ id: "acme", name: "Acme" })).toEqual([]);
    });
  });

  describe("deleting recipients", () => {
    it("E-053 deletes all data of a recipient and no other data", async () => {
      await identify(user("ana"), user("bo"), project("p1"));
      const kept = await insertSample(open.store, { recipients: ["bo"] });
      const gone = await insertSample(open.store, {
        recipients: ["ana"],
        rest: { frequencyRecords: [{ workflow: "once", recipient: user("ana"), tenant: "*" }] },
      });
      const pairs = ["ana", "bo"].map((id) => ({ object: project("p1"), recipient: user(id), properties: {} }));
      await open.store.upsertSubscriptions(pairs, NOW);
      const members = ["ana", "bo"].map((id) => ({ recipient: user(id), tenant: null }));
      await open.store.addAudienceMembers("beta", members, NOW);

      expect(await open.store.deleteRecipients([user("ana"), user("nobody")])).toEqual(new Set([user("ana")]));

      expect(await read(user("ana"))).toBeUndefined();
      expect(await open.store.readMessages(gone.messages.map(({ id }) => id))).toEqual([]);
      expect(
        (await open.store.listRecipientRuns({}, { limit: 9 })).items.map(({ recipientRun }) => recipientRun),
      ).toEqual(kept.recipientRuns);
      expect((await open.store.listSubscriptions({ object: project("p1") }, { limit: 9 })).items).toMatchObject([
        { recipient: user("bo") },
      ]);
      expect((await open.store.listAudienceMembers("beta", { limit: 9 })).items).toMatchObject([
        { recipient: { key: user("bo") } },
      ]);
      expect(
        await open.store.readAlreadyTriggered([{ workflow: "once", recipient: user("ana"), tenant: "*" }]),
      ).toEqual([]);
      expect(await open.store.deleteRecipients([user("ana")])).toEqual(new Set());
    });

    it("deletes an object's subscriptions as object and as recipient", async () => {
      await identify(user("ana"), project("p1"), project("p2"));
      await open.store.upsertSubscriptions(
        [
          { object: project("p1"), recipient: user("ana"), properties: {} },
          { object: project("p2"), recipient: project("p1"), properties: {} },
          { object: project("p2"), recipient: user("ana"), properties: {} },
        ],
        NOW,
      );
      await open.store.deleteRecipients([project("p1")]);
      const { items } = await open.store.listSubscriptions({}, { limit: 9 });
      expect(items).toMatchObject([{ object: project("p2"), recipient: user("ana") }]);
    });

    it("E-053 E-054 deletes a waiting run, even if it is claimed", async () => {
      await identify(user("ana"));
      const inserted = await insertSample(open.store, {
        recipients: ["ana", "bo"],
        recipientRun: waitingAt(NOW + 1),
        message: null,
      });
      const claim = { now: NOW + 1, leaseMs: 60_000, token: "worker" };
      const claimed = await open.store.claimDueRuns(claim, 5);
      const [ofAna, ofBo] = inserted.recipientRuns.map(({ id }) => claimed.find((run) => run.recipientRun.id === id)!);
      await open.store.deleteRecipients([user("ana")]);
      await identify(user("ana")); // another person with the same ID

      const save = ({ recipientRun, revision }: (typeof claimed)[number]) => ({
        recipientRun: {
          ...recipientRun,
          ...sampleRecipientRun(inserted.run, recipientRun.recipient, { status: "completed" }),
          id: recipientRun.id,
        },
        messages: [],
        batch: null,
        upserts: [],
        triggers: [],
        version: null,
        revision,
      });
      await open.store.saveAdvances([save(ofAna!), save(ofBo!)], "worker", NOW + 3);
      expect(await open.store.readRecipientRun(ofAna!.recipientRun.id)).toBeNull();
      const recipientRuns = await readRuns(open.store, inserted.run.id);
      expect(recipientRuns.map(({ recipient, status }) => [recipient, status])).toEqual([[user("bo"), "completed"]]);
      expect(await open.store.readNextDueAt()).toBeNull();
    });
  });

  describe("preference sets", () => {
    const sets = async (key: RecipientKey) => (await read(key))?.preferences;

    it("A-093 E-138 are replaced or merged deeply", async () => {
      const recipient = user("ana");
      const write = (set: object | null, merge: boolean, id = "default") =>
        open.store.writePreferenceSets([{ recipient, id, set, merge }], NOW);
      await write({ channel_types: { email: false, sms: true } }, false);
      await write({ categories: { ads: false } }, true, "acme");
      await write({ channel_types: { sms: false }, workflows: { hello: true } }, true);
      expect(await sets(recipient)).toEqual({
        default: { channel_types: { email: false, sms: false }, workflows: { hello: true } },
        acme: { categories: { ads: false } },
      });
      await write({ workflows: { hello: false } }, false);
      expect((await sets(recipient))?.default).toEqual({ workflows: { hello: false } });
      await write(null, false);
      expect(await sets(recipient)).toEqual({ acme: { categories: { ads: false } } });
    });

    it("A-249 create an unknown recipient, but not when a set is removed", async () => {
      const removal = { recipient: user("ghost"), id: "default", set: null, merge: false };
      await open.store.writePreferenceSets([removal], NOW);
      expect(await read(user("ghost"))).toBeUndefined();
      await open.store.writePreferenceSets([{ ...removal, set: {}, id: "__proto__" }], NOW);
      expect(Object.keys((await sets(user("ghost"))) ?? {})).toEqual(["__proto__"]);
    });
  });

  it("A-092 A-245 writeChannelData replaces and removes a channel's data as a whole", async () => {
    const recipient = user("ana");
    const write = async (channel_id: string, data: { tokens: string[] } | null) =>
      (await open.store.writeChannelData([{ recipient, channel_id, data }], NOW)).replaced;
    expect(await write("c1", null)).toBe(0);
    expect(await read(recipient)).toBeUndefined();
    expect(await write("c1", { tokens: ["a", "b"] })).toBe(0);
    expect(await write("c2", { tokens: ["z"] })).toBe(0);
    expect(await write("c1", { tokens: ["c"] })).toBe(1);
    expect((await read(recipient))?.channel_data).toEqual({ c1: { tokens: ["c"] }, c2: { tokens: ["z"] } });
    expect(await write("c1", null)).toBe(1);
    expect((await read(recipient))?.channel_data).toEqual({ c2: { tokens: ["z"] } });
  });

  describe("a tenant's default preferences", () => {
    const set = (preference_set: object | null) =>
      open.store.upsertRecipients(
        [{ key: tenant("acme"), properties: { settings: { preference_set } as never } }],
        NOW,
      );
    const stored = async () => (await read(tenant("acme")))?.properties.settings;

    it("A-093 E-138 are merged, replaced on request, and removed by null", async () => {
      await set({ channel_types: { sms: false } });
      await set({ categories: { ads: false } });
      expect(await stored()).toEqual({ preference_set: { channel_types: { sms: false }, categories: { ads: false } } });
      await set({ __persistence_strategy__: "merge", categories: { news: true } });
      expect(await stored()).toEqual({
        preference_set: { channel_types: { sms: false }, categories: { ads: false, news: true } },
      });
      await set({ __persistence_strategy__: "replace", workflows: { hello: false } });
      expect(await stored()).toEqual({ preference_set: { workflows: { hello: false } } });
      await set(null);
      expect(await stored()).toEqual({ preference_set: null });
    });
  });
}
