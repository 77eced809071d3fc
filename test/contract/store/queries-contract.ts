import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";

import type { IdKind, MessageQuery, RunQuery } from "../../../src/ports/filters.js";
import { readRuns } from "./read-runs.js";
import { joinSample } from "./sample-batches.js";
import { HOUR, insertSample, NOW, sampleVersion, user, waitingAt } from "./sample-runs.js";
import { sampleSchedule } from "./sample-schedules.js";
import type { OpenStore } from "./store-contract.js";

/** Describes the filters of the API's lists that commands do not have, and the operations that only a server has. */
export function describeQueries(open: OpenStore): void {
  const messages = async (query: MessageQuery): Promise<string> => {
    const { items } = await open.store.listMessages(query, { limit: 50 });
    return items.map(({ recipient }) => recipient.replace("$users/", "")).join("");
  };
  const runs = async (query: RunQuery): Promise<string> => {
    const { items } = await open.store.listRecipientRuns(query, { limit: 50 });
    return items.map(({ recipientRun }) => recipientRun.recipient.replace("$users/", "")).join("");
  };

  describe("message queries", () => {
    it("A-208 A-609 filter by IDs, by several statuses, and by engagement or its absence", async () => {
      const { messages: made } = await insertSample(open.store, { recipients: ["a", "b"] });
      await insertSample(open.store, { recipients: ["c"], message: { status: "queued", read_at: NOW } });
      expect(await messages({ ids: [made[0]?.id as string, "none"] })).toBe("a");
      expect(await messages({ ids: [] })).toBe("");
      expect(await messages({ statuses: ["queued", "sent"] })).toBe("c");
      expect(await messages({ statuses: ["queued", "delivered"] })).toBe("cba");
      expect(await messages({ engagement_statuses: ["read", "seen"] })).toBe("c");
      expect(await messages({ engagement_statuses: ["unread"] })).toBe("ba");
      expect(await messages({ engagement_statuses: ["unread", "read"] })).toBe("cba");
    });

    it("return the IDs of the messages after one, oldest first", async () => {
      expect(await open.store.listMessageIds(null)).toEqual([]);
      const { messages: first } = await insertSample(open.store, { recipients: ["b", "a"] });
      const { messages: second } = await insertSample(open.store, { recipients: ["c"] });
      const ids = [...first, ...second].map(({ id }) => id);
      expect(await open.store.listMessageIds(null)).toEqual(ids);
      expect(await open.store.listMessageIds(ids[0] as string)).toEqual(ids.slice(1));
      expect(await open.store.listMessageIds(ids[2] as string)).toEqual([]);
    });

    it("filter by text in the workflow's key, the recipient or the content, and by a complete ID", async () => {
      const content = { subject_line: 'Say "é" 100%_\n', n: 1 };
      const { messages: made } = await insertSample(open.store, { recipients: ["a"], message: { content } });
      await insertSample(open.store, { recipients: ["bea"], message: { content: { body: "other" } } });
      const id = made[0]?.id as string;
      for (const text of ['SAY "é"', "100%_", "\n", id]) expect([text, await messages({ text })]).toEqual([text, "a"]);
      expect(await messages({ text: "BE" })).toBe("bea");
      for (const text of ["É", 'sAY "É" 100%_', 'é" 1']) expect([text, await messages({ text })]).toEqual([text, "a"]);
      for (const text of ["è", "é*", "[é]", "é]", "ß"]) expect([text, await messages({ text })]).toEqual([text, ""]);
      for (const text of ["%", "_"]) expect([text, await messages({ text })]).not.toEqual([text, "beaa"]);
      expect(await messages({ text: id.slice(0, 20) })).toBe("");
      expect(await runs({ text: "bea" })).toBe("bea");
      expect(await runs({ text: "nobody" })).toBe("");
    });

    it("filter by categories and by time", async () => {
      const version = sampleVersion("news", { categories: ["news", "weekly"] });
      await insertSample(open.store, { version, recipients: ["a"] });
      await insertSample(open.store, { recipients: ["b"], run: { inserted_at: NOW + 1 } });
      expect(await messages({ workflow_categories: ["weekly", "x"] })).toBe("a");
      expect(await messages({ inserted_at: { gt: NOW } })).toBe("b");
      expect(await messages({ inserted_at: { gte: NOW, lt: NOW + 1 } })).toBe("a");
      expect(await messages({ inserted_at: { lte: NOW + 1 } })).toBe("ba");
    });

    it("A-076 filter by top-level data, the message's before its trigger's, with strict types", async () => {
      const long = "x".repeat(300);
      const data = { n: 1, t: true, z: null, s: long, "o'dd \"key": "é", nested: { n: 2 } };
      await insertSample(open.store, { recipients: ["a"], run: { data } });
      await insertSample(open.store, {
        recipients: ["b"],
        run: { data: { n: 2 } },
        message: { data: { n: "1", t: 1 } },
      });
      expect(await messages({ trigger_data: { n: 1 } })).toBe("a");
      expect(await messages({ trigger_data: { n: "1" } })).toBe("b");
      expect(await messages({ trigger_data: { n: 2 } })).toBe("");
      expect(await messages({ trigger_data: { t: true, z: null, n: 1 } })).toBe("a");
      expect(await messages({ trigger_data: { t: false } })).toBe("");
      expect(await messages({ trigger_data: { s: `${"x".repeat(256)}y` } })).toBe("a");
      expect(await messages({ trigger_data: { s: "x" } })).toBe("");
      expect(await messages({ trigger_data: { "o'dd \"key": "é" } })).toBe("a");
      expect(await messages({ trigger_data: {} })).toBe("ba");
    });
  });

  describe("run queries", () => {
    it("A-315 filter by several statuses, time and errors", async () => {
      await insertSample(open.store, { recipients: ["a"] });
      await insertSample(open.store, {
        recipients: ["b"],
        run: { inserted_at: NOW + 5 },
        recipientRun: { status: "paused", error_count: 0, inserted_at: NOW + 5 },
      });
      expect(await runs({ statuses: ["paused", "queued"] })).toBe("b");
      expect(await runs({ statuses: ["paused", "completed"] })).toBe("ba");
      expect(await runs({ starting_at: NOW + 5 })).toBe("b");
      expect(await runs({ ending_at: NOW })).toBe("a");
      expect(await runs({ starting_at: NOW, ending_at: NOW + 5 })).toBe("ba");
      expect([await runs({ has_errors: true }), await runs({ has_errors: false })]).toEqual(["a", "b"]);
    });
  });

  it("listSubscriptions filters by lists of objects and recipients", async () => {
    const [p1, p2] = [
      toRecipientKey({ collection: "projects", id: "p1" }),
      toRecipientKey({ collection: "projects", id: "p2" }),
    ];
    const pairs = [p1, p2].flatMap((object) =>
      ["a", "b"].map((id) => ({ object, recipient: user(id), properties: {} })),
    );
    await open.store.upsertSubscriptions(pairs, NOW);
    const found = async (filter: Parameters<typeof open.store.listSubscriptions>[0]) =>
      (await open.store.listSubscriptions(filter, { limit: 9 })).items.map(
        ({ object, recipient }) => `${object} ${recipient}`,
      );
    expect(await found({ object: p1, recipients: [user("b"), user("c")] })).toEqual(["projects/p1 $users/b"]);
    expect(await found({ recipient: user("a"), objects: [p2] })).toEqual(["projects/p2 $users/a"]);
    expect(await found({ recipient: user("a"), objects: [] })).toEqual([]);
  });

  describe("clear", () => {
    const fill = async (): Promise<void> => {
      await open.store.upsertRecipients([{ key: user("a"), properties: { name: "A" } }], NOW);
      await open.store.addAudienceMembers("beta", [{ recipient: user("a"), tenant: null }], NOW);
      await open.store.applySeeds([{ file: "f", digest: "d", recipients: [], subscriptions: [], audiences: [] }], NOW);
      await open.store.writeClock({ offset_ms: 5, frozen_at: null });
      await joinSample(open.store, { recipient: "a" });
      await insertSample(open.store, {
        recipients: ["a"],
        rest: { frequencyRecords: [{ workflow: "new-comment", recipient: user("a"), tenant: "" }] },
      });
    };

    it("deletes everything except the clock", async () => {
      await fill();
      await open.store.clear({ keepRecipients: false });
      expect([await messages({}), await runs({})]).toEqual(["", ""]);
      expect(await open.store.readRecipients([user("a")])).toEqual(new Map());
      expect([await open.store.readAudienceKeys(), [...(await open.store.readSeeds())]]).toEqual([[], []]);
      expect(await open.store.readNextDueAt()).toBeNull();
      expect(
        await open.store.readAlreadyTriggered([{ workflow: "new-comment", recipient: user("a"), tenant: "" }]),
      ).toEqual([]);
      expect(await open.store.readClock()).toMatchObject({ offset_ms: 5, frozen_at: null });
      // The cached versions and channels match the rows that are written afterwards.
      await fill();
      expect(await messages({})).toBe("a");
    });

    it("keeps recipients, their memberships and seeds with keepRecipients", async () => {
      await fill();
      await open.store.clear({ keepRecipients: true });
      expect(await runs({})).toBe("");
      expect((await open.store.readRecipients([user("a")])).size).toBe(1);
      expect((await open.store.listAudienceMembers("beta", { limit: 5 })).items).toHaveLength(1);
      expect((await open.store.readSeeds()).size).toBe(1);
    });
  });

  describe("mergeRecipients", () => {
    it("A-097 adds the properties, sets and history of one recipient to another", async () => {
      const [into, from] = [user("into"), user("from")];
      await open.store.upsertRecipients(
        [
          {
            key: into,
            properties: { name: "I", plan: { a: 1 } },
            preferences: { default: { categories: { x: true } } },
          },
          {
            key: from,
            properties: { name: "F", plan: { a: 2, b: 3 }, more: true },
            preferences: { default: { categories: { y: false } }, acme: { categories: { z: false } } },
            channel_data: { c: { tokens: ["t"] } },
          },
        ],
        NOW,
      );
      const object = toRecipientKey({ collection: "projects", id: "p1" });
      const pair = (recipient: typeof into) => ({ object, recipient, properties: { of: recipient } });
      await open.store.upsertSubscriptions([pair(from), pair(into)], NOW);
      await insertSample(open.store, { recipients: ["from"] });

      expect(await open.store.mergeRecipients(into, from, NOW + 1)).not.toBeNull();
      const read = await open.store.readRecipients([into, from]);
      expect(read.has(from)).toBe(false);
      expect(read.get(into)).toMatchObject({
        properties: { name: "I", plan: { a: 1, b: 3 }, more: true },
        preferences: { default: { categories: { x: true } }, acme: { categories: { z: false } } },
        channel_data: { c: { tokens: ["t"] } },
      });
      expect(read.get(into)?.preferences.default).toEqual({ categories: { x: true } });
      expect([await messages({ recipient: into }), await runs({ recipient: into })]).toEqual(["into", "into"]);
      const { items } = await open.store.listSubscriptions({ object }, { limit: 5 });
      expect(items).toMatchObject([{ recipient: into, properties: { of: into } }]);
    });

    it("E-054 cancels a waiting run, and keeps the messages that it has sent", async () => {
      const [into, from] = [user("into"), user("from")];
      await open.store.upsertRecipients(
        [into, from].map((key) => ({ key, properties: {} })),
        NOW,
      );
      const inserted = await insertSample(open.store, { recipients: ["from"], recipientRun: waitingAt(NOW + 1) });
      await open.store.mergeRecipients(into, from, NOW);
      const [recipientRun] = await readRuns(open.store, inserted.run.id);
      expect(recipientRun).toMatchObject({ recipient: into, status: "cancelled", position: null, due_at: null });
      expect(recipientRun?.steps.at(-1)).toMatchObject({ outcome: "cancelled", reason: { code: "recipient_deleted" } });
      expect(await messages({ recipient: into })).toBe("into");
      expect(await open.store.readNextDueAt()).toBeNull();
    });

    it("E-414 names the recipient as the actor of the last 30 days", async () => {
      const [into, from] = [user("into"), user("from")];
      await open.store.upsertRecipients(
        [into, from].map((key) => ({ key, properties: {} })),
        NOW,
      );
      for (const [actor, days] of [
        [from, 31],
        [from, 29],
        [into, 1],
      ] as const)
        await insertSample(open.store, { recipients: ["ana"], run: { actor, inserted_at: NOW - days * 24 * HOUR } });
      await open.store.mergeRecipients(into, from, NOW);
      const { items } = await open.store.listMessages({ recipient: user("ana") }, { limit: 5 });
      expect(items.map(({ actor }) => actor).sort()).toEqual([from, into, into]);
    });

    it("does nothing unless two different recipients exist", async () => {
      await open.store.upsertRecipients([{ key: user("a"), properties: { name: "A" } }], NOW);
      for (const [into, from] of [
        ["a", "none"],
        ["none", "a"],
        ["a", "a"],
      ] as const)
        expect(await open.store.mergeRecipients(user(into), user(from), NOW), `${into} ${from}`).toBeNull();
      expect((await open.store.readRecipients([user("a")])).size).toBe(1);
    });
  });

  describe("listIdsByPrefix", () => {
    it("returns the IDs with the prefix, in order, up to the limit", async () => {
      const { run, recipientRuns, messages: made } = await insertSample(open.store, { recipients: ["a", "b"] });
      const store = open.store;
      const listByPrefix = (of: IdKind, id: string, length = 10) => store.listIdsByPrefix(of, id.slice(0, length), 5);
      expect(await listByPrefix("workflow_run", run.id)).toEqual([run.id]);
      expect(await listByPrefix("workflow_run", run.id, run.id.length)).toEqual([run.id]);
      for (const { id } of recipientRuns) expect(await listByPrefix("recipient_run", id)).toEqual([id]);
      for (const { id } of made) expect(await listByPrefix("message", id, 20)).toEqual([id]);
      // Messages of the same second share a prefix.
      const ids = made.map(({ id }) => id).sort();
      expect(ids).toHaveLength(2);
      const prefix = (ids[0] as string).slice(0, 4);
      expect(await store.listIdsByPrefix("message", prefix, 5)).toEqual(ids);
      expect(await store.listIdsByPrefix("message", prefix, 1)).toEqual(ids.slice(0, 1));
      expect(await listByPrefix("message", run.id)).toEqual([]);
      const schedule = sampleSchedule();
      await store.insertSchedules([schedule]);
      expect(await listByPrefix("schedule", schedule.id, 20)).toEqual([schedule.id]);
      expect(await listByPrefix("schedule", `zz${run.id}`)).toEqual([]);
      expect(await listByPrefix("recipient_run", run.id)).toEqual([]);
      expect(await store.listIdsByPrefix("recipient_run", "zzzzzzzz", 5)).toEqual([]);
    });
  });

  it("readBatch returns the activities of a run's batch", async () => {
    const { run } = await joinSample(open.store, { actor: "x", data: { n: 1 } });
    await joinSample(open.store, { actor: "y", data: { n: 2 }, at: NOW + 1 });
    expect((await open.store.readBatch(run.id))?.first).toMatchObject([
      { actor: user("x"), data: { n: 1 } },
      { actor: user("y"), data: { n: 2 } },
    ]);
    expect(await open.store.readBatch("none")).toBeNull();
  });

  describe("listVersionsSince", () => {
    it("E-267 returns the versions of a trigger and later ones of its workflow, the last used one first", async () => {
      const insert = async (version_id: string, key = "digest", branch?: string) => {
        const version = sampleVersion(key, { version_id });
        const settings = { sandbox_mode: false, skip_delay: false, ...(branch === undefined ? {} : { branch }) };
        return (await insertSample(open.store, { recipients: ["a"], version, run: { settings } })).run.id;
      };
      const list = async (id: string) => (await open.store.listVersionsSince(id)).map((version) => version.version_id);
      const ids = [await insert("v0"), await insert("v1"), await insert("v2"), await insert("v1")];
      await insert("other", "welcome");
      const branched = await insert("v3", "digest", "feature");
      expect(await list(ids[0] as string)).toEqual(["v1", "v2", "v0"]);
      expect(await list(ids[2] as string)).toEqual(["v1", "v2"]);
      expect(await list(branched)).toEqual(["v3"]);
      expect(await list("unknown")).toEqual([]);
    });
  });
}
